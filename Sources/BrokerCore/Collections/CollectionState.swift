import RecordFormat
import Synchronization

/// What a partition knows of itself as a part of a collection: nothing until somebody asks, then an index of its keys that
/// is brought up to date whenever somebody asks again.
///
/// Concurrency: one job at a time reads the log, step by step on the pool, and applies what it has read under the lock. Who
/// waits for it is taken out under the lock and resumed outside of it. The lock is a leaf.
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
    }

    /// How much of the log one step reads.
    fileprivate static let stepBytes = ByteCount.mebibytes(1)

    fileprivate let state = Mutex(State())

    init() {}

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
    /// Hashes keys.
    let hash: SipHash
    /// The bounds of an index.
    let bounds: KeyIndex.Bounds
}

extension Partition {
    /// Returns when the index holds everything that is visible now.
    ///
    /// The first time it reads the whole log; later what has come since.
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
        if goesOn { environment.pool.submit { self.stepCollection(environment) } }
    }

    private func step(_ environment: CollectionEnvironment) -> ([CollectionState.Waiter], BrokerError?, Bool) {
        do throws(BrokerError) {
            let from = collection.look { $0.version } ?? begin(environment)
            let outcome = try PartitionReader.read(self, from: from, bytesMax: CollectionState.stepBytes.value)
            var records: [DecodedRecord] = []
            for batch in outcome.batches where !batch.isControl { records += try decoded(batch) }
            // After the reading: a compaction may pass a reader by, and says so here.
            let (floor, start) = (log.compactedBelow, logStart)
            let ready = collection.state.withLock { state in
                state.index?.apply(outcome, records)
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

    /// Makes the index; only the running job does.
    private func begin(_ environment: CollectionEnvironment) -> Offset {
        let start = logStart
        let index = KeyIndex(
            from: start,
            historyFloor: log.compactedBelow,
            hash: environment.hash,
            bounds: environment.bounds
        )
        collection.state.withLock { $0.index = index }
        return start
    }
}

extension CollectionState.State {
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
    fileprivate mutating func apply(_ outcome: PartitionReader.Outcome, _ records: [DecodedRecord]) {
        if let gap = outcome.gap {
            if gap.reason == .retention { removePrefix(below: gap.to) }
            skip(to: gap.to, isLoss: true)
        }
        for record in records where record.offset >= outcome.start && record.offset < outcome.next {
            apply(record)
        }
        skip(to: outcome.next)
    }

    private mutating func apply(_ record: DecodedRecord) {
        let isTombstone = record.value == nil
        guard let key = record.key else {
            return apply(Entry(key: nil, timestamp: record.timestamp, isTombstone: isTombstone), at: record.offset)
        }
        key.withUnsafeReadableBytes { bytes in
            apply(Entry(key: bytes, timestamp: record.timestamp, isTombstone: isTombstone), at: record.offset)
        }
    }
}
