import RecordFormat

/// A partition as a round would leave it.
///
/// It reaches the log only when the round's flush has returned; a refused round drops it.
struct PartitionOverlay {
    let log: PartitionLog
    private(set) var active: Segment?
    private(set) var position: FilePosition
    private(set) var end: Offset
    private(set) var logStart: Offset
    private(set) var maxTimestamp: Int64
    private(set) var activeSince: Timestamp
    private(set) var epochs: [EpochStart]
    private(set) var sealed: [PartitionLog.SealedLog] = []
    private(set) var created: [Segment] = []
    private(set) var writes: [Write] = []
    private(set) var notes: [Note] = []
    /// The round's batches, for readers at the tail.
    private var tail: [RecordBatch] = []
    private var tailBytes = 0
    private var hasDeletedPrefix = false
    /// A file for the next segment, until it is taken.
    private var spare: SpareFile?
    private var tookSpare = false
    /// The size of the active segment before the round, to cut it back to.
    private let before: (active: Segment?, position: FilePosition)

    /// Contiguous bytes for one segment.
    struct Write {
        let segment: Segment
        let position: FilePosition
        var pieces: [UnsafeRawBufferPointer]
    }

    /// A batch for the segment's indexes.
    struct Note {
        let segment: Segment
        let place: SegmentWalk.Place
    }

    init(_ log: PartitionLog) {
        self.log = log
        (active, position, end, maxTimestamp, activeSince, epochs) = log.state.withLock { state in
            (state.active, state.position, state.end, state.maxTimestamp, state.activeSince, state.epochs)
        }
        logStart = log.watermarks.logStart.offset
        before = (active, position)
        spare = log.state.withLock { $0.spare }
    }

    /// Whether there is anything to apply.
    var isChanged: Bool { !writes.isEmpty || hasDeletedPrefix }

    /// Raises the log's start.
    ///
    /// - Returns: false when it is as high already.
    mutating func deletePrefix(before offset: Offset) -> Bool {
        guard offset > logStart else { return false }
        logStart = offset
        hasDeletedPrefix = true
        return true
    }

    /// Places a batch: rolls when the active segment has no room, puts the stamped bytes into the frame, and notes what is
    /// to be written.
    mutating func append(
        _ batch: RecordBatch,
        frame: FrameBuffer,
        epoch: LeaderEpoch,
        limits: SegmentLimits,
        now: Timestamp,
        observer: StoreObserver
    ) throws(FileError) {
        precondition(batch.isDense, "a batch of \(batch.recordCount) records and \(batch.lastOffsetDelta) + 1 offsets")
        let segment = try segmentWithRoom(for: batch, limits, now, observer)
        epochs.note(epoch, first: end)
        let start = position
        let place = FrameEntry.Place(key: log.key, segmentBase: segment.base, position: start, offset: end)
        let stamped = frame.append(batch, at: place, epoch: epoch)
        keepForTail(batch, epoch)
        write(stamped, to: segment)
        position = position.advanced(by: batch.encodedBytes)
        end = end.advanced(by: Int(batch.lastOffsetDelta) + 1)
        maxTimestamp = max(maxTimestamp, batch.maxTimestamp.millisecondsSinceEpoch)
        let last = end.advanced(by: -1)
        let placed = SegmentWalk.Place(
            position: start,
            size: batch.encodedBytes,
            last: last,
            maxTimestamp: batch.maxTimestamp
        )
        notes.append(Note(segment: segment, place: placed))
    }

    /// Keeps a stamped copy, as many as a partition's tail takes.
    private mutating func keepForTail(_ batch: RecordBatch, _ epoch: LeaderEpoch) {
        if tailBytes > TailBatches.bytesMax {
            tail.removeAll(keepingCapacity: true)
            tailBytes = 0
        }
        var stamped = batch
        stamped.stamp(baseOffset: end, leaderEpoch: epoch)
        tail.append(stamped)
        tailBytes += batch.encodedBytes.value
    }

    private mutating func write(_ bytes: UnsafeRawBufferPointer, to segment: Segment) {
        if let last = writes.indices.last, writes[last].segment === segment {
            writes[last].pieces.append(bytes)
        } else {
            // Held from before the first write until it is flushed: the flush error is told to this descriptor.
            segment.pin()
            writes.append(Write(segment: segment, position: position, pieces: [bytes]))
        }
    }

    private mutating func segmentWithRoom(
        for batch: RecordBatch,
        _ limits: SegmentLimits,
        _ now: Timestamp,
        _ observer: StoreObserver
    ) throws(FileError) -> Segment {
        if let active {
            let isFull = limits.isFull(position, adding: batch.encodedBytes, since: activeSince, now: now)
            if !isFull || position == .zero { return active }
            observer.begins(.roll(log.key, base: end))
            let facts = SealedSegment(
                base: active.base,
                end: end,
                size: position,
                maxTimestamp: maxTimestamp,
                sealedAt: now
            )
            sealed.append(PartitionLog.SealedLog(segment: active, facts: facts))
        }
        let segment = try newSegment()
        created.append(segment)
        active = segment
        position = .zero
        maxTimestamp = -1
        activeSince = now
        return segment
    }

    /// The next segment: in the spare file if there is one, so that no directory is needed.
    private mutating func newSegment() throws(FileError) -> Segment {
        guard let spare else {
            return try Segment(creating: end, directory: log.directory, fileSystem: log.fileSystem)
        }
        self.spare = nil
        tookSpare = true
        return Segment(spare: spare, base: end, directory: log.directory, fileSystem: log.fileSystem)
    }

    /// Writes the round's bytes to the segments.
    func writeSegments() throws(FileError) {
        for write in writes {
            try write.segment.file().write(write.pieces, at: write.position)
        }
    }

    /// Undoes what `writeSegments` and rolls did, so that the files are as before the round.
    func cutBack() throws(FileError) {
        for segment in created {
            if segment.isUnnamed {
                // The spare file stays what it was: empty, and the partition's.
                try segment.file().truncate(to: .zero)
            } else {
                segment.close()
                try log.fileSystem.unlink(segment.path)
            }
        }
        // One that is not open was not written to: its pin would have kept it open. Opening it now might find no descriptor.
        if let file = cutSegment?.openFile { try file.truncate(to: before.position) }
    }

    /// The segment of before the round that the round wrote to.
    var cutSegment: Segment? {
        guard let segment = before.active, writes.contains(where: { $0.segment === segment }) else { return nil }
        return segment
    }

    /// Tells that the rolls are done, or undone.
    func tellRollsEnd(_ observer: StoreObserver) {
        for roll in sealed { observer.ends(.roll(log.key, base: roll.facts.end)) }
    }

    /// Makes the round's records visible.
    ///
    /// Called when they are on stable storage.
    func apply() {
        for note in notes {
            note.segment.note(lastOffset: note.place.last, position: note.place.position)
            note.segment.noteTime(note.place)
        }
        log.state.withLock { state in
            state.sealed.append(contentsOf: sealed)
            state.active = active
            state.position = position
            state.end = end
            // Retention may have raised it meanwhile.
            state.logStart = max(state.logStart, logStart)
            state.maxTimestamp = maxTimestamp
            state.activeSince = activeSince
            state.epochs = epochs
            if !created.isEmpty { state.needsTailBlock = false }
            state.tail.append(tail, log.health.tails)
            if tookSpare {
                state.spare = nil
                state.spareIsTaken = true
            }
        }
    }
}
