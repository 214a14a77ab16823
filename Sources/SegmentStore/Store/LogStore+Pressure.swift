import RecordFormat

/// How badly a checkpoint is wanted.
public enum CheckpointUrgency: Hashable, Comparable, Sendable {
    /// Nothing was written since the last one.
    case none
    /// Something was written: within a second or two.
    case wanted
    /// Much was written: now.
    case due
    /// Less than a quarter of the ring is free: rounds are to be slowed.
    case hurry
    /// The next frame might not fit: no round before the running checkpoint is complete.
    case mustWait
}

/// The room that the ring has left, as far as a round asks for it.
public struct RingRoom: Hashable, Sendable {
    /// Bytes that may be written before a checkpoint must have moved the limit.
    public let freeBytes: Int
    /// All bytes that may lie above the checkpoint.
    public let capacityBytes: Int
    /// What the round needs at most: its frame, the tail blocks' and the empty one that proves them.
    public let neededBytes: Int

    /// Creates what is asked about.
    public init(freeBytes: Int, capacityBytes: Int, neededBytes: Int) {
        self.freeBytes = freeBytes
        self.capacityBytes = capacityBytes
        self.neededBytes = neededBytes
    }

    /// Whether the round may be written.
    public var isEnough: Bool { neededBytes <= freeBytes }
    /// Whether less than a quarter is free, so that rounds are to be slowed.
    public var isShort: Bool { freeBytes < capacityBytes / 4 }
}

extension LogStore {
    /// How badly a checkpoint is wanted at this moment.
    ///
    /// Any thread; the journal thread asks before each round.
    public var checkpointUrgency: CheckpointUrgency {
        journal.withLock { journal in
            if PlantedFault.ringOverrun.isPlanted { return .wanted }
            let used = Int(journal.next.value - limit.load(ordering: .acquiring))
            // Room for the largest round's two frames and the empty one that proves them.
            if ring.ringBytes - used < 2 * ring.frameBytesMax + ring.block { return .mustWait }
            let free = capacityBytes - used
            if free < capacityBytes / 4 { return .hurry }
            let isDue = used >= configuration.checkpointBytesMax.value || free < capacityBytes / 2
            if isDue || keeper.pinnedCount > keeper.pinnedCountMax / 2 { return .due }
            return journal.dirty.isEmpty && journal.deletedTopics.isEmpty ? .none : .wanted
        }
    }

    /// The ring's room for a round whose requests take so many bytes of a frame, by `entryBytes`.
    ///
    /// Journal thread.
    public func ringRoom(forEntryBytes bytes: Int) -> RingRoom {
        journal.withLock { journal in
            let used = Int(journal.next.value - limit.load(ordering: .acquiring))
            return RingRoom(
                freeBytes: PlantedFault.ringOverrun.isPlanted ? capacityBytes : capacityBytes - used,
                capacityBytes: capacityBytes,
                neededBytes: min(capacityBytes, 2 * ring.roundedUp(FrameHeader.bytes + bytes) + ring.block)
            )
        }
    }

    /// How many bytes may lie above the checkpoint: the ring, or less where that is more than the page cache should hold
    /// dirty; always enough for the largest round.
    private var capacityBytes: Int {
        min(ring.ringBytes, max(configuration.aboveCheckpointBytesMax.value, 2 * ring.frameBytesMax + ring.block))
    }

    /// How many of these requests, from the first on, may be committed before a checkpoint has flushed some files.
    ///
    /// Each file that is written keeps its descriptor until it is flushed, those that a roll begins included, and their
    /// number has a bound. A request that
    /// alone touches more than that is let through when nothing else waits to be flushed. Journal thread.
    public func admissibleCount(of requests: [CommitRequest]) -> Int {
        let pinned = keeper.pinnedCount
        let most = keeper.pinnedCountMax
        return journal.withLock { journal in
            var forecast = PinForecast(store: self, dirty: journal.dirty, now: wallTime())
            for (index, request) in requests.enumerated() {
                for append in request.appends { forecast.add(append) }
                let isFirst = index == 0 && pinned == 0
                if pinned + forecast.count > most, forecast.count > 0, !isFirst { return index }
            }
            return requests.count
        }
    }

    /// Whether users' records find no room on the volume.
    ///
    /// Any thread; a flag.
    public var isFull: Bool { space.isFull }

    /// Looks at the volume again, about once a second while it is full; makes the ballast again when there is room.
    ///
    /// Any thread but the journal's; blocks.
    public func updateSpace() {
        space.update()
    }

    /// Begins the writeback of a step of what rounds have written, if one is due.
    ///
    /// Flusher thread.
    /// - Returns: whether there was one.
    /// - Throws: `outcomeUnknown` when the system told of bytes that could not be written: they are lost as with a failed
    ///   flush, and the process must exit.
    public func startWriteback() throws(StorageError) -> Bool {
        guard let step = writeback.nextStep() else { return false }
        do throws(FileError) {
            try step.segment.file().startWriteback(at: step.position, bytes: step.bytes)
        } catch {
            // Where the call itself is not to be had, the checkpoint's flush writes everything.
            guard error.code == .ioError || error.isNoSpace else { return false }
            health.fail()
            throw .outcomeUnknown(error)
        }
        return true
    }

    /// Whether `startWriteback` would find something to do.
    public var hasWriteback: Bool { writeback.hasStep }
}
