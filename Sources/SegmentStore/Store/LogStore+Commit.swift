import RecordFormat

extension LogStore {
    /// Runs one round: decides the requests in order, writes the segments, then one frame, flushes the journal once,
    /// and makes everything visible.
    ///
    /// Journal thread only.
    ///
    /// - Precondition: the requests' `entryBytes` together fit `frameBytesMax`, and `checkpointUrgency` is not `mustWait`.
    /// - Returns: one outcome a request. When a segment could not be written, all of them are refused and nothing is stored.
    /// - Throws: `outcomeUnknown` when the write of the frame failed after it began, or `stopped` after an earlier failure:
    ///   the process must exit, and nothing may be answered as stored or as not stored.
    public func commit(_ requests: [CommitRequest]) throws(StorageError) -> [CommitOutcome] {
        var setAside: [PartitionKey: Quarantine] = [:]
        defer { for (key, found) in setAside { health.tell(found, of: key) } }
        return try journal.withLock { journal throws(StorageError) in
            guard !health.hasFailed else { throw .stopped }
            do throws(StorageError) {
                try saveTailBlocks(for: requests, &journal, &setAside)
            } catch {
                guard case .io(let failure) = error else { throw error }
                return Array(repeating: .refused(CommitRefusal(failure)), count: requests.count)
            }
            var round = Round(store: self, frame: journal.buffer, epoch: run)
            do throws(FileError) {
                for request in requests { try round.stage(request) }
                if PlantedFault.frameBeforeSegments.isPlanted { try plantFrame(round, &journal) }
                try round.writeSegments()
                if PlantedFault.enospcAtFlushTakenForFull.isPlanted { try plantFrame(round, &journal) }
            } catch {
                try cutBack(round, &journal)
                if PlantedFault.overlayKeptAfterRefusal.isPlanted { round.apply() }
                if error.isNoSpace { space.noteRefusal() }
                return outcomes(of: round, count: requests.count, after: error)
            }
            guard !round.isEmpty else { return round.outcomes }
            if PlantedFault.visibleBeforeDurable.isPlanted { round.apply() }
            if !PlantedFaults.writesFrameItself { try append(&journal, .journalFrame) }
            finish(round, &journal)
            return round.outcomes
        }
    }

    /// Writes an empty frame, which proves the one before to be whole (03b rule 5).
    ///
    /// Journal thread only; call it when `needsProofFrame` has been true for 20 ms without a round.
    public func writeProofFrame() throws(StorageError) {
        try journal.withLock { journal throws(StorageError) in
            guard !health.hasFailed else { throw .stopped }
            journal.buffer.reset()
            if !PlantedFault.emptyFrameOmitted.isPlanted { try append(&journal, .journalFrame) }
            journal.lastFrameIsUnproven = false
        }
    }

    /// Whether the last frame has entries and no frame follows it yet.
    public var needsProofFrame: Bool {
        journal.withLock { $0.lastFrameIsUnproven }
    }

    /// Puts the flushed bytes of partly filled blocks into a frame of their own, before this round writes those blocks.
    ///
    /// A block that is being written when the power goes may come back as anything. Were its flushed bytes only in the
    /// round's frame, a cut between the segments' writes and the frame would lose them: nothing would restore the block.
    /// Needed once per partition and checkpoint, and one frame and flush for all partitions of the round. A partition
    /// whose block cannot be read is set aside, and the round goes on without it.
    private func saveTailBlocks(
        for requests: [CommitRequest],
        _ journal: inout JournalState,
        _ setAside: inout [PartitionKey: Quarantine]
    ) throws(StorageError) {
        journal.buffer.reset()
        var saved: [PartitionKey: PartitionLog] = [:]
        for append in requests.lazy.flatMap(\.appends) where saved[append.key] == nil {
            guard let log = partition(append.key) else { continue }
            switch try log.saveTailBlock(in: journal.buffer) {
            case .notNeeded: continue
            case .added: saved[append.key] = log
            case .unreadable where log.passesDamage: seal(log, &journal, at: wallTime())
            case .unreadable(let found): if log.setAside(found) { setAside[log.key] = found }
            }
        }
        guard !saved.isEmpty else { return }
        try self.append(&journal, .journalTailBlocks)
        for log in saved.values { log.noteTailBlockSaved() }
    }

    /// Writes and flushes the frame in the buffer.
    func append(_ journal: inout JournalState, _ site: FlushSite) throws(StorageError) {
        let frame = journal.buffer.seal(at: journal.next)
        var end = journal.next.advanced(by: frame.count)
        let bound = limit.load(ordering: .acquiring) + UInt64(ring.ringBytes)
        let isOverrun = PlantedFault.ringOverrun.isPlanted
        precondition(
            end.value <= bound || isOverrun,
            "a frame up to LSN \(end) would overwrite what is needed below \(bound)"
        )
        do throws(FileError) {
            if PlantedFault.nextFrameBeforeFlush.isPlanted {
                try journal.ring.write(frame, at: journal.next)
                journal.buffer.reset()
                let empty = journal.buffer.seal(at: end)
                try journal.ring.append(empty, at: end, site)
                end = end.advanced(by: empty.count)
            } else {
                try journal.ring.append(frame, at: journal.next, site)
            }
        } catch {
            let isTakenForFull = error.operation == .flush && error.code == .noSpace
            if PlantedFault.enospcAtFlushTakenForFull.isPlanted, isTakenForFull { throw .io(error) }
            health.fail()
            throw .outcomeUnknown(error)
        }
        // A flush elsewhere may have failed meanwhile: what it lost may be what these requests stand on.
        guard !health.hasFailed else { throw .stopped }
        writeback.noteJournalFlush()
        journal.next = end
        journal.lastFrameIsUnproven = true
    }

    private func finish(_ round: Round, _ journal: inout JournalState) {
        if !PlantedFault.visibleBeforeDurable.isPlanted { round.apply() }
        for overlay in round.overlays.values {
            for write in overlay.writes {
                let bytes = write.pieces.reduce(0) { $0 + $1.count }
                writeback.noteWritten(write.segment, at: write.position, bytes: bytes)
            }
        }
        for (key, overlay) in round.overlays where !overlay.writes.isEmpty {
            journal.dirty[key, default: DirtyPartition(log: overlay.log)].note(overlay)
            overlay.tellRollsEnd(configuration.observer)
        }
        for topic in round.deletedTopics {
            remove(topic)
            journal.deletedTopics.append(topic)
        }
    }

    /// Undoes a round's segment writes.
    ///
    /// What was cut is dirty all the same: the block of the cut was written, and a checkpoint that did not flush it
    /// would let the ring forget the flushed bytes in that block. When cutting fails nobody knows what the files hold:
    /// the process must exit.
    private func cutBack(_ round: Round, _ journal: inout JournalState) throws(StorageError) {
        if PlantedFault.shortWriteNotCutBack.isPlanted { return }
        do throws(FileError) {
            try round.cutBack()
        } catch {
            health.fail()
            throw .outcomeUnknown(error)
        }
        for (key, overlay) in round.overlays {
            journal.dirty[key, default: DirtyPartition(log: overlay.log)].noteCutBack(overlay)
            overlay.tellRollsEnd(configuration.observer)
        }
    }

    private func outcomes(of round: Round, count: Int, after error: FileError) -> [CommitOutcome] {
        let decided = round.outcomesAfterFailure(error)
        let rest = Array(repeating: CommitOutcome.refused(CommitRefusal(error)), count: count - decided.count)
        return decided + rest
    }
}

/// The segments of a partition that were written since the last capture.
struct DirtyPartition {
    let log: PartitionLog
    private(set) var segments: [Segment] = []
    private(set) var hasNewNames = false

    init(log: PartitionLog) {
        self.log = log
    }

    mutating func note(_ overlay: PartitionOverlay) {
        if PlantedFault.rolledFileNotInSet.isPlanted, !overlay.created.isEmpty { segments = [] }
        for write in overlay.writes { note(write.segment) }
        if !overlay.created.isEmpty { hasNewNames = true }
    }

    /// Notes what a refused round touched: its new segments are gone, their names may not be.
    mutating func noteCutBack(_ overlay: PartitionOverlay) {
        for write in overlay.writes {
            // One that is not open was not written to; a checkpoint would look in vain for a descriptor to flush it.
            let wasCut = write.segment === overlay.cutSegment && write.segment.openFile != nil
            if wasCut { note(write.segment) } else { write.segment.unpin() }
        }
        if !overlay.created.isEmpty { hasNewNames = true }
    }

    /// Takes back what a checkpoint that was given up had captured, pins and all.
    mutating func readd(_ captured: Checkpoint.CapturedPartition) {
        for segment in captured.segments { note(segment) }
        if captured.hasNewNames { hasNewNames = true }
    }

    /// Takes a segment's pin over; one that is in the set has one already.
    private mutating func note(_ segment: Segment) {
        if segments.contains(where: { $0 === segment }) { segment.unpin() } else { segments.append(segment) }
    }
}
