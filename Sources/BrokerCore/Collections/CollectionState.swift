import RecordFormat
import SegmentStore
import Synchronization

/// What a partition knows of itself as a part of a collection: nothing until somebody asks, then an index of its keys that
/// is brought up to date whenever somebody asks again.
///
/// Concurrency: one job at a time reads the log, step by step on the pool, and applies what it has read under the lock. Who
/// waits for it is taken out under the lock and resumed outside of it. Another job writes the index down now and then, from
/// a copy. The lock is a leaf.
final class CollectionState: Sendable {
    fileprivate struct Waiter {
        /// The version that the state must have reached.
        let target: Offset
        let continuation: CheckedContinuation<BrokerError?, Never>
    }

    fileprivate struct State {
        var index: KeyIndex?
        var waiters: [Waiter] = []
        var isRunning = false
        var saving = KeyIndexSaving()
        /// How often an index was thrown away.
        var discardCount = 0
        /// What was read of the log.
        var readBytes = 0
    }

    /// How much of the log one step reads.
    fileprivate static let stepBytes = ByteCount.mebibytes(1)

    fileprivate let state = Mutex(State())

    init() {}

    /// What was read of the log so far to make the index and to keep it up to date.
    var readBytes: ByteCount { state.withLock { ByteCount($0.readBytes) } }

    /// How often an index was thrown away; for `discard`.
    var discardCount: Int { state.withLock { $0.discardCount } }

    /// Throws the index away, unless that was done since it was looked at: it says what the log does not say.
    ///
    /// The next one is made of the log alone.
    func discard(_ count: Int) {
        state.withLock { state in
            if state.discardCount == count { state.discard() }
        }
    }

    /// What is to be written down, if anything has changed since it was, and nobody is writing.
    ///
    /// - Parameter bytesMin: how much of the log must have been applied since.
    func beginSaving(after bytesMin: ByteCount) -> KeyIndexSnapshot? {
        state.withLock { state in
            guard let index = state.index, state.saving.isDue(at: index.version, after: bytesMin) else { return nil }
            return index.snapshot.map { snapshot in
                state.saving.begin()
                return snapshot
            }
        }
    }

    /// Notes what became of the writing that began last.
    func endSaving(_ snapshot: KeyIndexSnapshot, isSaved: Bool) {
        state.withLock { $0.saving.end(snapshot, isSaved: isSaved) }
    }

    /// Looks at the index, or changes its lists; nil when nobody has asked for it yet.
    func look<Value>(_ body: (inout KeyIndex) -> Value) -> Value? {
        state.withLock { state in
            guard var index = state.index else { return nil }
            // Taken out meanwhile, so that it is changed and not copied.
            state.index = nil
            defer { state.index = index }
            return body(&index)
        }
    }
}

/// What all collections of a broker share.
struct CollectionEnvironment: Sendable {
    /// Where logs are read.
    let pool: BlockingPool
    /// Where indexes are written down.
    let store: LogStore
    /// Hashes keys.
    let hash: SipHash
    /// The bounds of an index.
    let bounds: KeyIndex.Bounds
    /// So much of a log must be applied before its index is written down again.
    let saveBytesMin: ByteCount
}

extension Partition {
    /// The first offset from which on no change was removed by compaction.
    var historyFloor: Offset { PlantedFault.compactedBelowIgnored.isPlanted ? .zero : log.compactedBelow }

    /// Throws the index away if it says of the newest state that an item stands where no record is.
    ///
    /// Compaction leaves the newest record of a key: damage has taken it, which another reading of the log passes over.
    func discardCollection(ifItLeadsTo offset: Offset) {
        let (count, end) = (collection.discardCount, visible)
        let isNewest = collection.look { $0.version >= end && $0.nextItem(from: offset) == offset } ?? false
        if isNewest, offset >= logStart { collection.discard(count) }
    }

    /// Returns when the index holds everything that is visible now.
    ///
    /// The first time it reads the log behind what was written down of the index, if anything was; later what has come since.
    func bringCollectionUpToDate(_ environment: CollectionEnvironment) async throws(BrokerError) {
        let target = visible
        let error: BrokerError? = await withCheckedContinuation { continuation in
            let (isThere, isFirst) = collection.state.withLock { state in
                if let index = state.index, index.version >= target { return (true, false) }
                state.waiters.append(CollectionState.Waiter(target: target, continuation: continuation))
                defer { state.isRunning = true }
                return (false, !state.isRunning)
            }
            if isThere { continuation.resume(returning: nil) }
            if isFirst { environment.pool.submit { self.stepCollection(environment) } }
        }
        if let error { throw error }
    }

    /// One step: others' reads come in between.
    private func stepCollection(_ environment: CollectionEnvironment) {
        let (ready, error, goesOn) = step(environment)
        for waiter in ready { waiter.continuation.resume(returning: error) }
        if error == nil, let snapshot = collection.beginSaving(after: environment.saveBytesMin) {
            environment.pool.submit { self.save(snapshot, environment) }
        }
        if goesOn { environment.pool.submit { self.stepCollection(environment) } }
    }

    private func step(_ environment: CollectionEnvironment) -> ([CollectionState.Waiter], BrokerError?, Bool) {
        do throws(BrokerError) {
            let from = collection.look { $0.version } ?? begin(environment)
            let outcome = try PartitionReader.read(self, from: from, bytesMax: CollectionState.stepBytes.value)
            var entries: [KeyIndex.Entry] = []
            for batch in outcome.batches where !batch.isControl {
                try add(batch, of: outcome, to: &entries, environment.hash)
            }
            // After the reading: a compaction may pass a reader by, and says so here.
            let (floor, removed, start) = (historyFloor, log.removedTombstones, logStart)
            let ready = collection.state.withLock { state in
                if state.index?.mayMiss(removed) == true {
                    state.discard()
                    return state.takeReady()
                }
                state.index?.apply(outcome, entries)
                state.saving.note(outcome.bytes)
                state.readBytes += outcome.bytes
                state.index?.raiseHistoryFloor(to: floor)
                state.index?.removePrefix(below: start)
                return state.takeReady()
            }
            return (ready.waiters, nil, ready.goesOn)
        } catch {
            return collection.state.withLock { state in
                defer { (state.waiters, state.isRunning) = ([], false) }
                return (state.waiters, error, false)
            }
        }
    }

    /// Adds what an index has to know of a batch's records; keys are hashed here, outside of the lock.
    private func add(
        _ batch: RecordBatch,
        of outcome: PartitionReader.Outcome,
        to entries: inout [KeyIndex.Entry],
        _ hash: SipHash
    ) throws(BrokerError) {
        do {
            try batch.forEachRecord { record, bytes in
                guard record.offset >= outcome.start, record.offset < outcome.next else { return }
                entries.append(
                    KeyIndex.Entry(
                        offset: record.offset,
                        key: record.key.map { hash.hash(UnsafeRawBufferPointer(rebasing: bytes[$0])) },
                        timestamp: record.timestamp,
                        isTombstone: record.value == nil,
                        birth: Self.birth(record, in: bytes)
                    )
                )
            }
        } catch {
            throw .corrupt("\(identity): the batch at \(batch.baseOffset): \(error)")
        }
    }

    private static func birth(_ record: borrowing Record, in bytes: UnsafeRawBufferPointer) -> Timestamp? {
        var birth: Timestamp?
        record.forEachHeader(in: bytes) { name, value in
            let value = value.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            birth = birth ?? ItemBirth.read(UnsafeRawBufferPointer(rebasing: bytes[name]), value)
        }
        guard let birth else { return nil }
        return min(birth, record.timestamp)
    }

    /// Makes the index; only the running job does.
    private func begin(_ environment: CollectionEnvironment) -> Offset {
        let saved = collection.discardCount == 0 ? savedIndex(environment) : nil
        var index =
            saved
            ?? KeyIndex(
                from: logStart,
                historyFloor: historyFloor,
                // Looked at before the first read, so that what is removed later is noticed then.
                begun: log.nextGeneration,
                hash: environment.hash,
                bounds: environment.bounds
            )
        // What has gone since it was written down.
        index.raiseHistoryFloor(to: historyFloor)
        index.removePrefix(below: logStart)
        collection.state.withLock { state in
            state.index = index
            if let saved = saved?.snapshot { state.saving.noteLoaded(saved) }
        }
        return index.version
    }

    /// The index as it was written down, if that can be trusted.
    private func savedIndex(_ environment: CollectionEnvironment) -> KeyIndex? {
        guard let reader = log.openKeyIndex() else { return nil }
        defer { reader.close() }
        return KeyIndex(
            reader,
            check: environment.hash.check(of: key),
            hash: environment.hash,
            bounds: environment.bounds
        )
    }

    /// Writes the index down if it has changed since it was; nobody reads or changes it any more.
    func saveCollectionAtStop(_ environment: CollectionEnvironment) {
        guard let snapshot = collection.beginSaving(after: .zero) else { return }
        save(snapshot, environment)
    }

    private func save(_ snapshot: KeyIndexSnapshot, _ environment: CollectionEnvironment) {
        let isSaved = snapshot.save(in: environment.store, of: key, check: environment.hash.check(of: key))
        collection.endSaving(snapshot, isSaved: isSaved)
    }
}

extension CollectionState.State {
    /// Throws the index away; the next one is made of the log.
    fileprivate mutating func discard() {
        index = nil
        saving.forget()
        discardCount += 1
    }

    /// Takes those out whose version is reached; goes on while there are others.
    fileprivate mutating func takeReady() -> (waiters: [CollectionState.Waiter], goesOn: Bool) {
        let version = index?.version ?? .zero
        let ready = waiters.filter { $0.target <= version }
        waiters.removeAll { $0.target <= version }
        isRunning = !waiters.isEmpty
        return (ready, isRunning)
    }
}

extension KeyIndex {
    /// Applies what one read of the log has found.
    fileprivate mutating func apply(_ outcome: PartitionReader.Outcome, _ entries: [Entry]) {
        if let gap = outcome.gap {
            if gap.reason == .retention { removePrefix(below: gap.to) } else { notePassedDamage() }
            skip(to: gap.to, isLoss: true)
        }
        for entry in entries { apply(entry) }
        skip(to: outcome.next)
    }
}
