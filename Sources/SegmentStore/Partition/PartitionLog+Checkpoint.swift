import NIOCore
import RecordFormat
import SystemPackage

/// What a checkpoint asks of a partition.
extension PartitionLog {
    var isDeleted: Bool { state.withLock { $0.isDeleted } }

    /// The row of a checkpoint.
    ///
    /// From here on the journal need not hold what lies before it: the next append saves the tail block first.
    func captureRow() -> PartitionRow {
        state.withLock { state in
            state.needsTailBlock = true
            state.capturedEnd = state.end
            return PartitionRow(
                key: key,
                activeBase: state.active?.base ?? state.end,
                position: state.position,
                end: state.end,
                logStart: state.logStart,
                maxTimestamp: state.maxTimestamp,
                activeSince: state.activeSince,
                sealed: PlantedFault.manifestAfterRecord.isPlanted ? [] : state.unlisted,
                epochs: state.epochs.filter { !state.manifest.epochs.contains($0) },
                quarantine: state.quarantine
            )
        }
    }

    /// What became of the flushed bytes of the last block.
    enum TailBlock {
        /// There is nothing that a frame should hold.
        case notNeeded
        case added
        /// They are damaged, so that nothing may be appended to the segment.
        case unreadable(Quarantine)
    }

    /// Adds the flushed bytes of the last block to a frame if the journal does not hold them yet.
    ///
    /// - Throws: `io` when there is no descriptor for it now, which refuses the round; `outcomeUnknown` when bytes above the checkpoint cannot be read: only the page cache held them.
    func saveTailBlock(in frame: FrameBuffer) throws(StorageError) -> TailBlock {
        let (active, position, end) = state.withLock { state in
            let isOmitted = PlantedFault.blockPrefixOmitted.isPlanted
            let isNeeded = state.needsTailBlock && state.quarantine == nil && !isOmitted
            return (isNeeded ? state.active : nil, state.position, state.end)
        }
        let byteCount = Int(position.value % UInt64(RingGeometry.blockMin))
        guard let active, byteCount > 0 else { return .notNeeded }
        let place = FrameEntry.Place(key: key, segmentBase: active.base, position: position, offset: end)
        do throws(FileError) {
            try frame.appendTailBlock(at: place, byteCount: byteCount) { space throws(FileError) in
                let start = FilePosition(position.value - UInt64(byteCount))
                guard try active.file().read(into: space, at: start) == byteCount else {
                    throw FileError(.read, active.path, .ioError)
                }
            }
        } catch {
            return .unreadable(try damage(error))
        }
        return .added
    }

    /// What a failed read is: damage below the checkpoint, else a failed flush.
    private func damage(_ error: FileError) throws(StorageError) -> Quarantine {
        guard error.code != .tooManyOpenFiles, error.code != .tooManyOpenFilesInSystem else { throw .io(error) }
        let isBelowCheckpoint = state.withLock { state in
            let isCovered = state.checkpointed.covers(state.active?.base ?? state.end, state.position)
            return isCovered || PlantedFault.readAboveCheckpointQuarantines.isPlanted
        }
        guard !isBelowCheckpoint else { return Quarantine(reason: "\(error)", since: health.wallTime()) }
        health.fail()
        throw .outcomeUnknown(error)
    }

    func noteTailBlockSaved() {
        state.withLock { $0.needsTailBlock = false }
    }

    /// The segments that are sealed and not in the manifest yet, and the end that the checkpoint will cover.
    func captureSealed() -> (sealed: [SealedSegment], end: LogPlace) {
        state.withLock { state in
            (state.unlisted, LogPlace(segmentBase: state.active?.base ?? state.end, position: state.position))
        }
    }

    /// Writes the indexes of segments that are being sealed.
    ///
    /// They are not flushed, and one that cannot be built or written is left out: whatever a crash makes of an index, the
    /// first read that it leads astray builds it again.
    func writeIndexes(of sealed: [SealedSegment]) {
        for facts in sealed {
            let found = state.withLock { $0.sealed.first { $0.facts.base == facts.base }?.segment }
            guard let segment = found else { continue }
            write(try? segment.encodedIndex(limit: facts.size), to: segment.indexPath)
            write(try? segment.encodedTimes(limit: facts.size), to: segment.timeIndexPath)
        }
    }

    private func write(_ index: ByteBuffer?, to path: FilePath) {
        guard let index, let file = try? fileSystem.open(path, .create) else { return }
        try? file.write(index, at: .zero)
        file.close()
    }

    /// Adds flushed segments to the manifest.
    ///
    /// A manifest that cannot be written, for want of room say, is left as it is: the checkpoint's row lists the segments
    /// until one can. Only a failed flush counts.
    func extendManifest(by sealed: [SealedSegment]) throws(FileError) {
        let (logStart, epochs) = state.withLock { ($0.logStart, $0.epochs) }
        do throws(FileError) {
            try changeManifest(
                { manifest in
                    manifest.logStart = max(manifest.logStart, logStart)
                    // A checkpoint that found no room is completed again, and may have come as far as this.
                    manifest.sealed.append(contentsOf: sealed.filter { $0.base >= manifest.end })
                    manifest.end = max(manifest.end, sealed.last?.end ?? manifest.end)
                    for epoch in epochs { manifest.epochs.note(epoch.epoch, first: epoch.first) }
                },
                apply: { $0.adoptFacts() }
            )
        } catch {
            guard !error.isFailedFlush else { throw error }
        }
    }

    /// A checkpoint is recorded: what it covers need not be in memory any more.
    ///
    /// - Parameter keepsTail: whether it stays there all the same, as long as there is room for that.
    func noteCheckpoint(end: LogPlace, keepsTail: Bool) {
        state.withLock { state in
            state.checkpointed = end
            state.coveredEnd = state.capturedEnd
            if !keepsTail || health.tails.isScarce { state.tail.removeAll(below: state.coveredEnd, health.tails) }
        }
    }

    /// Lets go of what is in memory and covered by the last checkpoint.
    func letGoOfCoveredTail() { state.withLock { $0.tail.removeAll(below: $0.coveredEnd, health.tails) } }

    func closeFiles() {
        let segments = state.withLock { state in
            state.sealed.map(\.segment) + (state.active.map { [$0] } ?? [])
        }
        for segment in segments { segment.close() }
    }
}

extension PartitionLog.State {
    /// Sealed segments that the manifest does not list.
    var unlisted: [SealedSegment] {
        sealed.map(\.facts).filter { $0.base >= manifest.end }
    }
}
