/// The hash by which Kafka's producers pick a partition for a key (Utils.murmur2 of Apache Kafka).
public enum Murmur2 {
    private static let seed: UInt32 = 0x9747_B28C
    private static let multiplier: UInt32 = 0x5BD1_E995

    /// The 32-bit murmur2 of the bytes, with Kafka's seed.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Int32 {
        var state = seed ^ UInt32(truncatingIfNeeded: bytes.count)
        let wholeWords = bytes.count & ~3
        var position = 0
        while position < wholeWords {
            let word = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))
            state = (state &* multiplier) ^ mixed(word)
            position += 4
        }
        return Int32(bitPattern: finished(state, tail: UnsafeRawBufferPointer(rebasing: bytes[wholeWords...])))
    }

    /// The partition of a topic with `count` partitions that holds this key, as Kafka's default partitioner chooses.
    ///
    /// - Precondition: `count` is positive.
    public static func partition(key: UnsafeRawBufferPointer, count: Int32) -> PartitionIndex {
        precondition(count > 0, "a topic has at least one partition, not \(count)")
        return PartitionIndex((hash(key) & Int32.max) % count)
    }

    private static func mixed(_ word: UInt32) -> UInt32 {
        let product = word &* multiplier
        return (product ^ (product >> 24)) &* multiplier
    }

    private static func finished(_ state: UInt32, tail: UnsafeRawBufferPointer) -> UInt32 {
        var state = state
        if tail.count > 2 { state ^= UInt32(tail[2]) << 16 }
        if tail.count > 1 { state ^= UInt32(tail[1]) << 8 }
        if tail.count > 0 { state = (state ^ UInt32(tail[0])) &* multiplier }
        state = (state ^ (state >> 13)) &* multiplier
        return state ^ (state >> 15)
    }
}
