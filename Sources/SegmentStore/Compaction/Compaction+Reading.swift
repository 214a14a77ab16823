import RecordFormat

/// Why a compaction ended early.
enum CompactionStop: Error {
    /// The throttle said so.
    case cancelled
    /// What it was reading was removed.
    case abandoned
    /// The storage refused, or holds damage.
    case failed(StorageError)
}

extension Compaction {
    private static let chunkBytes = 1 << 20

    /// Reads the batches of a source in order, verified, until `body` says that it has seen enough.
    ///
    /// The source's files are held only meanwhile, so that retention need not wait for the end of the compaction.
    func forEachBatch(
        of source: SealedSegment,
        _ body: (RecordBatch) throws(CompactionStop) -> Bool
    ) throws(CompactionStop) {
        guard let segment = log.acquireSealed(source.id) else { throw .abandoned }
        defer { segment.release() }
        var walk = SegmentWalk(segment, limit: source.size, chunkBytes: Self.chunkBytes)
        while let batch = try nextBatch(of: &walk) {
            guard throttle(batch.encodedBytes) else { throw .cancelled }
            guard try body(batch) else { return }
        }
    }

    private func nextBatch(of walk: inout SegmentWalk) throws(CompactionStop) -> RecordBatch? {
        do throws(StorageError) {
            guard let place = try walk.next(), let bytes = try walk.bytes(of: place, mayRead: true) else { return nil }
            do throws(FormatError) {
                return try RecordBatch(verifying: bytes)
            } catch {
                throw .corrupt(path: walk.segment.path, position: place.position, reason: error.description)
            }
        } catch {
            throw log.isDeleted ? .abandoned : .failed(error)
        }
    }

    /// Runs file operations of the compaction's own.
    ///
    /// Those of a deleted topic fail because its directory is gone. A flush that failed otherwise ends the process; one for
    /// which there was no descriptor has failed before it began, and before the manifest lists anything of what is made.
    func stoppable<Value>(_ body: () throws(FileError) -> Value) throws(CompactionStop) -> Value {
        do throws(FileError) {
            return try body()
        } catch {
            if log.isDeleted { throw .abandoned }
            guard error.isFailedFlush else { throw .failed(.io(error)) }
            log.health.fail()
            throw .failed(.outcomeUnknown(error))
        }
    }
}

extension PartitionLog {
    /// Holds a sealed segment's files; nil when it is not in the list any more.
    func acquireSealed(_ id: SegmentID) -> Segment? {
        state.withLock { state in
            guard !state.isDeleted, let found = state.sealed.first(where: { $0.segment.id == id }) else { return nil }
            found.segment.acquire()
            return found.segment
        }
    }

    /// Names the place of damage that only a walk over a batch's records finds.
    func readingRecords<Value>(
        of batch: RecordBatch,
        in source: SealedSegment,
        _ body: () throws -> Value
    ) throws(CompactionStop) -> Value {
        do {
            return try body()
        } catch {
            let path = source.id.directory(in: directory).appending(SegmentName.log(source.base))
            let reason = "the records of the batch at offset \(batch.baseOffset): \(error)"
            throw .failed(.corrupt(path: path, position: .zero, reason: reason))
        }
    }
}
