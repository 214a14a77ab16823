import RecordFormat

/// What one compaction of a partition reads and replaces, decided from the manifest.
struct CompactionPlan {
    /// The segments, in order: all that were compacted before, and those that are old enough to be.
    let sources: [SealedSegment]
    /// Where to begin to look for newer values: below, no key has two records.
    let from: Offset
    /// Bytes of segments that were not compacted yet, or not to their end.
    let dirtyBytes: Int
    /// Below it records are only waiting to be removed with their segment.
    let logStart: Offset
    /// History was incomplete below, before this compaction.
    let compactedBelow: Offset
    /// The number that this compaction takes.
    let generation: UInt64

    /// - Parameter flushedBelow: the end of what the last checkpoint covers in whole segments.
    /// - Returns: nil when there is nothing to do, or too little to gain.
    init?(_ manifest: Manifest, logStart: Offset, flushedBelow: Offset, policy: CompactionPolicy, now: Timestamp) {
        from = max(manifest.compactedTo, logStart)
        self.logStart = logStart
        compactedBelow = manifest.compactedBelow
        generation = manifest.nextGeneration
        let start = from
        let isOldEnough = { (segment: SealedSegment) in
            segment.end <= start
                || (segment.sealedAt.advanced(byMilliseconds: policy.lagMilliseconds) <= now
                    && segment.end <= flushedBelow)
        }
        sources = Array(manifest.sealed.prefix { isOldEnough($0) })
        let dirty = sources.filter { $0.end > start }
        dirtyBytes = Self.bytes(dirty)
        guard let oldest = dirty.first, dirtyBytes > 0 else { return nil }
        let isOverdue = oldest.sealedAt.advanced(byMilliseconds: policy.lagMaxMilliseconds) <= now
        guard isOverdue || dirtyBytes * 100 >= Self.bytes(sources) * policy.dirtyPercentMin else { return nil }
    }

    /// The memory for the map: no more than all dirty keys can need, and no more than the policy grants.
    func mapBytes(_ policy: CompactionPolicy) -> ByteCount {
        min(policy.mapBytesMax, ByteCount(4096 + 8 * dirtyBytes))
    }

    /// The segments that begin below `end`, in runs that each become one segment.
    func groups(below end: Offset, bytesMax: ByteCount) -> [[SealedSegment]] {
        var groups: [[SealedSegment]] = []
        var bytes = 0
        for source in sources where source.base < end {
            let size = Int(source.size.value)
            if let base = groups.last?.first?.base, bytes + size <= bytesMax.value,
                source.end - base <= Int64(UInt32.max)
            {
                groups[groups.count - 1].append(source)
                bytes += size
            } else {
                groups.append([source])
                bytes = size
            }
        }
        return groups
    }

    private static func bytes(_ segments: [SealedSegment]) -> Int {
        segments.reduce(0) { $0 + Int($1.size.value) }
    }
}
