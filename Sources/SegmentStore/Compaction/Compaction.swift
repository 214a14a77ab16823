import RecordFormat

/// One compaction of one partition: looks which keys have newer values, then writes the segments anew without the older
/// ones, group by group, and puts each group in the place of those it was made of.
///
/// Only sealed segments that the manifest lists and the checkpoint covers are read. Offsets stay. Groups follow each other
/// from the oldest on, so that an older value is always gone before a newer one can be: a tombstone never goes first.
struct Compaction {
    let log: PartitionLog
    let plan: CompactionPlan
    let policy: CompactionPolicy
    let segmentBytesMax: ByteCount
    let now: Timestamp
    let observer: StoreObserver
    let throttle: CompactionThrottle
    private(set) var report: CompactionReport
    private var isGenerationNamed = false

    init(
        _ log: PartitionLog,
        plan: CompactionPlan,
        policy: CompactionPolicy,
        configuration: StoreConfiguration,
        now: Timestamp,
        throttle: @escaping CompactionThrottle
    ) {
        self.log = log
        self.plan = plan
        self.policy = policy
        segmentBytesMax = SegmentLimits(of: log, configuration).bytesMax
        observer = configuration.observer
        self.now = now
        self.throttle = throttle
        report = CompactionReport(generation: plan.generation, from: plan.from, to: plan.from)
    }

    mutating func run() throws(CompactionStop) {
        let map = KeyMap(bytesMax: plan.mapBytes(policy), hash: policy.keyHash)
        try scan(into: map)
        try PlantedFaults.scanActive(of: log, into: map)
        report.keys = map.count
        report.mapBytes = map.bytes
        var rewrite = GroupRewrite(plan: plan, end: report.to, map: map, now: now, policy: policy)
        let groups = plan.groups(below: report.to, bytesMax: segmentBytesMax)
        for (number, group) in groups.enumerated() {
            let made = try write(group, with: &rewrite)
            do throws(CompactionStop) {
                try replace(group, by: made, rewrite, isLast: number == groups.count - 1)
            } catch {
                discard(made.id, after: error)
                throw error
            }
            report.segmentsBefore += group.count
            report.segmentsAfter += 1
            report.bytesBefore += ByteCount(group.reduce(0) { $0 + Int($1.size.value) })
            report.bytesAfter += ByteCount(Int(made.size.value))
            report.recordsDropped = rewrite.droppedCount
            try stoppable { () throws(FileError) in try log.unlinkRetired() }
        }
    }

    /// The first pass: notes the newest offset of each key, up to the first key for which the map has no room.
    private mutating func scan(into map: KeyMap) throws(CompactionStop) {
        for source in plan.sources where source.end > plan.from {
            var full: Offset?
            try forEachBatch(of: source) { batch throws(CompactionStop) in
                guard batch.nextOffset > plan.from, !batch.isControl else { return true }
                try log.readingRecords(of: batch, in: source) {
                    try batch.forEachRecord { record, bytes in
                        guard full == nil, record.offset >= plan.from, let key = record.key else { return }
                        let isNoted = map.note(UnsafeRawBufferPointer(rebasing: bytes[key]), at: record.offset)
                        if !isNoted { full = record.offset }
                    }
                }
                return full == nil
            }
            report.to = full ?? source.end
            if full != nil {
                report.isPartial = true
                return
            }
        }
    }

    /// The second pass over one group: writes and flushes the segment that is to replace it.
    private mutating func write(
        _ group: [SealedSegment],
        with rewrite: inout GroupRewrite
    ) throws(CompactionStop) -> SealedSegment {
        // A group has at least one segment: the plan makes it with its first one.
        let id = SegmentID(base: group[0].base, generation: plan.generation)
        let end = group[group.count - 1].end
        do throws(CompactionStop) {
            var writer = try stoppable { () throws(FileError) in
                try CompactedSegmentWriter(creating: id, end: end, in: log)
            }
            for source in group { try copy(source, into: &writer, with: &rewrite) }
            let sealedAt = group.map(\.sealedAt).max() ?? now
            let made = try stoppable { () throws(FileError) in try writer.finish(sealedAt: sealedAt) }
            try nameGeneration(id)
            return try stoppable { () throws(FileError) in try PlantedFaults.renamed(made, group, in: log) }
        } catch {
            discard(id, after: error)
            throw error
        }
    }

    private func copy(
        _ source: SealedSegment,
        into writer: inout CompactedSegmentWriter,
        with rewrite: inout GroupRewrite
    ) throws(CompactionStop) {
        rewrite.begin(source, of: log)
        defer { rewrite.endSource() }
        try forEachBatch(of: source) { batch throws(CompactionStop) in
            let kept = try log.readingRecords(of: batch, in: source) { try rewrite.kept(of: batch) }
            guard let kept else { return true }
            try stoppable { () throws(FileError) in
                try writer.append(kept, previous: rewrite.previous, isSurvivor: rewrite.keepsAnything)
            }
            guard throttle(kept.encodedBytes) else { throw CompactionStop.cancelled }
            return true
        }
    }

    /// Makes the new names durable, before the manifest may list them.
    private mutating func nameGeneration(_ id: SegmentID) throws(CompactionStop) {
        try stoppable { () throws(FileError) in
            try log.fileSystem.flushDirectory(id.directory(in: log.directory), .compactedNames)
            // Once a compaction: later segments of it lie in the same directory.
            guard !isGenerationNamed else { return }
            try log.fileSystem.flushDirectory(log.directory, .generationName)
        }
        isGenerationNamed = true
    }

    /// The switch: one change of the manifest, and of the list in memory in the same moment.
    ///
    /// A change to what is in force, not to what was read at the beginning: when a segment of the group is gone, nothing
    /// is changed.
    private func replace(
        _ group: [SealedSegment],
        by made: SealedSegment,
        _ rewrite: GroupRewrite,
        isLast: Bool
    ) throws(CompactionStop) {
        guard !log.health.hasFailed else { throw .failed(.stopped) }
        let replaced = group.map(\.id)
        let activity = StoreActivity.compactionSwitch(log.key, generation: plan.generation)
        observer.begins(activity)
        defer { if !log.health.hasFailed { observer.ends(activity) } }
        let isReplaced = try stoppable { () throws(FileError) in
            try log.changeManifestUnlessRefused(
                { manifest in
                    guard let range = manifest.sealed.range(of: replaced) else { return false }
                    manifest.sealed.replaceSubrange(range, with: [made])
                    manifest.retired.append(contentsOf: replaced)
                    if !PlantedFault.compactedBelowMissing.isPlanted {
                        manifest.compactedBelow = max(manifest.compactedBelow, rewrite.incompleteBelow)
                    }
                    if let offset = rewrite.tombstonesRemovedBelow {
                        manifest.removedTombstones.note(below: offset, by: plan.generation)
                    }
                    if isLast { manifest.compactedTo = max(manifest.compactedTo, report.to) }
                    manifest.nextGeneration = max(manifest.nextGeneration, plan.generation + 1)
                    return true
                },
                apply: { state in
                    // The list in memory and the manifest change together, so what one holds the other does.
                    guard let range = state.sealed.map(\.facts).range(of: replaced) else { return }
                    let segment = Segment(made.id, partition: log.directory, fileSystem: log.fileSystem)
                    state.retired.append(contentsOf: state.sealed[range].map(\.segment))
                    state.sealed.replaceSubrange(range, with: [PartitionLog.SealedLog(segment: segment, facts: made)])
                }
            )
        }
        guard isReplaced else { throw .abandoned }
    }

    /// Removes what was written in vain; after a failed flush nothing is touched any more.
    private func discard(_ id: SegmentID, after stop: CompactionStop) {
        guard !log.health.hasFailed else { return }
        let segment = Segment(id, partition: log.directory, fileSystem: log.fileSystem)
        // What cannot be removed is named by nobody, and goes at the start after an unclean stop.
        for path in segment.paths { try? log.fileSystem.unlinkIfThere(path) }
        try? log.fileSystem.removeDirectory(segment.directory)
    }
}

extension [SealedSegment] {
    /// Where these segments stand next to each other.
    fileprivate func range(of ids: [SegmentID]) -> Range<Int>? {
        guard let first = firstIndex(where: { $0.id == ids.first }), first + ids.count <= count,
            self[first..<first + ids.count].map(\.id) == ids
        else { return nil }
        return first..<first + ids.count
    }
}
