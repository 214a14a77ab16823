import RecordFormat

/// When a segment is sealed.
struct SegmentLimits {
    let bytesMax: ByteCount
    let ageMaxMilliseconds: Int64

    /// The limits of a partition: its topic's size, or the store's; the store's age, up to a twentieth less by the
    /// partition's identity, the same in every run.
    init(of log: PartitionLog, _ configuration: StoreConfiguration) {
        let key = log.key
        bytesMax = log.segmentBytesMax ?? configuration.segmentBytesMax
        let share = (key.topic.low ^ UInt64(truncatingIfNeeded: key.partition.value) &* 0x9E37_79B9_7F4A_7C15) % 1000
        let age = configuration.segmentAgeMaxMilliseconds
        ageMaxMilliseconds = age - age / 20 * Int64(share) / 1000
    }

    /// Whether a segment takes no further batch.
    func isFull(_ position: FilePosition, adding bytes: ByteCount, since: Timestamp, now: Timestamp) -> Bool {
        position.advanced(by: bytes).value > UInt64(bytesMax.value) || isOld(since: since, now: now)
    }

    /// Whether a segment's first record was appended too long ago.
    func isOld(since: Timestamp, now: Timestamp) -> Bool {
        now.millisecondsSinceEpoch - since.millisecondsSinceEpoch >= ageMaxMilliseconds
    }
}
