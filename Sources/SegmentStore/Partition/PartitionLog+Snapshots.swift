import NIOCore
import RecordFormat
import SystemPackage

/// What a partition's files tell of its producers.
extension PartitionLog {
    /// Reads the newest snapshot that fits the log, and the batches behind it that an earlier run appended.
    ///
    /// Blocks; any thread but the journal's.
    ///
    /// Race-free against appends, because it is called only while the topic's windows are not loaded: until they are, no
    /// request of a producer is queued for the topic, so of what this run appends nothing has a producer. What lies before
    /// `openedEnd` does not change but by compaction and retention, which take only segments that a newer snapshot covers.
    /// Where the log does not reach back to the snapshot, where compaction has been, or where bytes are damaged, something
    /// may be missing, and the answer says so: whoever had a number before this run is refused then.
    ///
    /// - Parameter firstOfRun: the first number that this run gives out.
    /// - Throws: `deleted`; `io` when a descriptor is missing, say; what stops the store.
    func readProducers(firstOfRun: Int64) throws(StorageError) -> PartitionProducers {
        let snapshot = try newestSnapshot()
        var producers = snapshot?.producers ?? PartitionProducers()
        let start = snapshot?.offset ?? .zero
        guard start < openedEnd else { return producers }
        let readers = try acquireReaders(from: start)
        defer { for reader in readers { reader.segment.release() } }
        var isWhole = quarantine == nil && readers.first.map { $0.segment.base <= start } ?? false
        for reader in readers where isWhole {
            isWhole = reader.segment.isSparse ? false : try note(reader, from: start, in: &producers)
        }
        if !isWhole { producers.knownFrom = firstOfRun }
        return producers
    }

    /// The segments that hold what earlier runs appended behind an offset, kept from being removed.
    private func acquireReaders(from start: Offset) throws(StorageError) -> [SegmentReader] {
        try state.withLock { state throws(StorageError) in
            guard !state.isDeleted else { throw .deleted }
            var readers: [SegmentReader] = []
            for log in state.sealed where log.facts.end > start && log.facts.base < openedEnd {
                log.segment.acquire()
                readers.append(
                    SegmentReader(segment: log.segment, limit: log.facts.size, end: log.facts.end, isSealed: true)
                )
            }
            if let active = state.active, active.base < openedEnd, state.end > start {
                active.acquire()
                readers.append(SegmentReader(segment: active, limit: state.position, end: state.end, isSealed: false))
            }
            return readers
        }
    }

    /// Notes the batches of one segment.
    ///
    /// - Returns: false when it is damaged.
    private func note(
        _ reader: SegmentReader,
        from start: Offset,
        in producers: inout PartitionProducers
    ) throws(StorageError) -> Bool {
        do throws(StorageError) {
            let chunk = 1 << 20
            var walk =
                start > reader.segment.base
                ? try reader.start(at: start, chunkBytes: chunk)
                : SegmentWalk(reader.segment, limit: reader.limit, chunkBytes: chunk)
            while let place = try walk.next(), place.last < openedEnd {
                guard place.last >= start, let producer = place.producer else { continue }
                guard let bytes = try walk.bytes(of: place, mayRead: true) else { continue }
                do throws(FormatError) {
                    try producers.note(RecordBatch(verifying: bytes), from: producer)
                } catch {
                    throw .corrupt(path: reader.segment.path, position: place.position, reason: error.description)
                }
            }
            return true
        } catch {
            let judged = judged(error, in: reader)
            guard judged.isDamage, !health.hasFailed else { throw judged }
            return false
        }
    }

    // MARK: Snapshots

    /// The newest snapshot that is whole and speaks of this log.
    private func newestSnapshot() throws(StorageError) -> ProducerSnapshot? {
        let names = try StorageError.wrap { () throws(FileError) in try fileSystem.list(directory) }
        for offset in names.compactMap(SegmentName.offset(ofSnapshot:)).sorted(by: >) {
            if let snapshot = try snapshot(at: offset), isCovered(snapshot) { return snapshot }
        }
        return nil
    }

    private func snapshot(at offset: Offset) throws(StorageError) -> ProducerSnapshot? {
        let path = directory.appending(SegmentName.snapshot(offset))
        do throws(FileError) {
            let content = try fileSystem.readWhole(path)
            let found = try? ProducerSnapshot(decoding: content, directory: owner, path: path)
            return found?.offset == offset && found?.key == key ? found : nil
        } catch {
            // Want of a descriptor says nothing about the snapshot; any other failure makes it worthless.
            guard error.code != .tooManyOpenFiles, error.code != .tooManyOpenFilesInSystem else { throw .io(error) }
            return nil
        }
    }

    /// Whether the log reaches up to a snapshot, and its run appended what stands before it.
    private func isCovered(_ snapshot: ProducerSnapshot) -> Bool {
        state.withLock { state in
            snapshot.offset <= state.end && snapshot.run == state.epochs.run(before: snapshot.offset)
        }
    }

    /// Writes a snapshot; its name is durable once the directory is flushed.
    func write(_ snapshot: ProducerSnapshot) throws(FileError) {
        let path = directory.appending(SegmentName.snapshot(snapshot.offset))
        let beside = FilePath(path.string + ".new")
        try fileSystem.write(snapshot.encoded(directory: owner), asNew: beside, .snapshot)
        try fileSystem.rename(beside, to: path)
    }

    /// Removes all snapshots but the newest two, once the manifest stands on the newest.
    ///
    /// One that cannot be removed now is removed later, or read past.
    func removeOldSnapshots() {
        let names = (try? fileSystem.list(directory)) ?? []
        let end = state.withLock { $0.end }
        let offsets = names.compactMap(SegmentName.offset(ofSnapshot:)).filter { $0 <= end }.sorted(by: >)
        for offset in offsets.dropFirst(2) {
            try? fileSystem.unlink(directory.appending(SegmentName.snapshot(offset)))
        }
    }
}

extension [EpochStart] {
    /// The run that appended the last record before an offset; unknown when there is none.
    func run(before offset: Offset) -> LeaderEpoch {
        last { $0.first < offset }?.epoch ?? .unknown
    }
}
