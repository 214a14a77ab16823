import RecordFormat
import SystemPackage

/// How the journal's entries carry a partition on.
extension RecoveringPartition {
    /// Writes a batch again unless the log had it before.
    ///
    /// It must begin exactly at the end reached, or at the start of a segment that is named by that offset. A partition
    /// whose file cannot be written is set aside; its entries are saved elsewhere then (`Salvage`).
    /// - Returns: whether it was written.
    mutating func replay(
        batch entry: FrameEntry.SegmentBytes,
        body: UnsafeRawBufferPointer,
        place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) -> Bool {
        let batch = UnsafeRawBufferPointer(rebasing: body[entry.bytes])
        guard quarantine == nil, entry.offset >= end else { return false }
        let rolls = entry.position == .zero && entry.segmentBase == end && !(activeBase == end && position == .zero)
        let continues = entry.segmentBase == activeBase && entry.position == position
        guard entry.offset == end, entry.offset == BatchHeader.baseOffset(batch), rolls || continues else {
            throw misfit(entry, place)
        }
        do throws(FileError) {
            if rolls { try roll() }
            try writeAgain(batch, at: position)
        } catch {
            try setAside(after: error)
            return false
        }
        epochs.note(BatchHeader.leaderEpoch(batch), first: end)
        position = position.advanced(by: ByteCount(batch.count))
        end = end.advanced(by: Int(BatchHeader.lastOffsetDelta(batch)) + 1)
        maxTimestamp = max(maxTimestamp, BatchHeader.maxTimestamp(batch).millisecondsSinceEpoch)
        return true
    }

    /// Writes a block's flushed bytes again, unless the log is past it.
    mutating func replay(
        tailBlock entry: FrameEntry.SegmentBytes,
        body: UnsafeRawBufferPointer,
        place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) {
        // At the end reached, but of the segment before: the manifest lists that one as sealed, and so as flushed.
        let isOfSealed = entry.offset == end && entry.segmentBase < activeBase
        guard quarantine == nil, entry.offset >= end, !isOfSealed else { return }
        guard entry.offset == end, entry.segmentBase == activeBase, entry.position == position,
            entry.bytes.count <= entry.position.value
        else { throw misfit(entry, place) }
        do throws(FileError) {
            let bytes = UnsafeRawBufferPointer(rebasing: body[entry.bytes])
            let start = FilePosition(entry.position.value - UInt64(bytes.count))
            try writeAgain(bytes, at: start)
        } catch {
            try setAside(after: error)
        }
    }

    private func misfit(
        _ entry: FrameEntry.SegmentBytes,
        _ place: (path: FilePath, position: FilePosition)
    ) -> StorageError {
        .corrupt(
            path: place.path,
            position: place.position,
            reason: "an entry for \(key) stands at offset \(entry.offset), byte \(entry.position) of segment"
                + " \(entry.segmentBase); the log ends at offset \(end), byte \(position) of segment \(activeBase)"
        )
    }

    private mutating func setAside(after error: FileError) throws(StorageError) {
        guard !error.isPassing else { throw .io(error) }
        setAside("it cannot be written: \(error)")
    }

    private mutating func roll() throws(FileError) {
        if let active {
            // What a refused round left behind the end must not become part of a sealed segment.
            try active.file().truncate(to: position)
            let facts = SealedSegment(
                base: activeBase,
                end: end,
                size: position,
                maxTimestamp: maxTimestamp,
                sealedAt: now
            )
            sealed.append(facts)
        }
        active = nil
        activeBase = end
        position = .zero
        maxTimestamp = -1
        activeSince = now
    }

    /// Writes into the active segment, with the ballast's room where there is no other.
    private mutating func writeAgain(_ bytes: UnsafeRawBufferPointer, at position: FilePosition) throws(FileError) {
        let fileSystem = fileSystem
        try fileSystem.givingRoom { () throws(FileError) in
            try activeForWriting().file().write([bytes], at: position)
        }
    }

    private mutating func activeForWriting() throws(FileError) -> Segment {
        let segment: Segment
        if let active {
            segment = active
        } else {
            segment = try Segment(creating: activeBase, directory: directory, fileSystem: fileSystem)
            active = segment
        }
        touch(segment)
        return segment
    }

    /// Notes a segment to be flushed, whose descriptor stays until then.
    private mutating func touch(_ segment: Segment) {
        guard !touched.contains(where: { $0 === segment }) else { return }
        segment.pin()
        touched.append(segment)
    }

    /// Cuts the last segment to the end reached, removes files of a higher base, and flushes everything.
    mutating func finishReplay() throws(StorageError) {
        guard quarantine == nil else { return }
        do throws(FileError) {
            if PlantedFault.manifestBeforeRecord.isPlanted { try PlantedFaults.list(sealed, of: self) }
            let removed = try removeHigherSegments()
            if let active, try active.file().size() != position {
                try active.file().truncate(to: position)
                if !PlantedFault.cutUnflushed.isPlanted { touch(active) }
            }
            if PlantedFault.openBeforeFlush.isPlanted { return }
            for segment in touched {
                try segment.file().flush(.recoveredSegment)
                segment.unpin()
            }
            if !touched.isEmpty || removed { try fileSystem.flushDirectory(directory, .recoveredNames) }
        } catch {
            try setAside(after: error)
        }
    }

    /// Removes files that a torn or refused round has made: those of a base beyond the end, and those of a base at which the
    /// journal, which names every segment above the checkpoint, begins none.
    ///
    /// - Returns: whether there were any.
    private func removeHigherSegments() throws(FileError) -> Bool {
        var removed = false
        if PlantedFault.higherBaseKept.isPlanted { return false }
        let named = Set(sealed.map(\.base) + (active == nil ? [] : [activeBase]))
        for name in names {
            guard let base = SegmentName.base(ofLog: name), !named.contains(base) else { continue }
            guard base >= min(activeBase, replayStart) else { continue }
            try fileSystem.unlink(directory.appending(name))
            removed = true
        }
        return removed
    }
}
