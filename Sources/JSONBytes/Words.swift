/// Eight bytes at a time: the tests that let plain text pass without a look at each byte (SWAR).
///
/// Each test answers a mask whose lowest set bit marks the first byte of interest. Higher bits may be false alarms,
/// since a subtraction borrows only out of a byte that is itself marked; so only the lowest one is ever used.
enum Words {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080
    static let spaces: UInt64 = 0x2020_2020_2020_2020

    /// The eight bytes from `at`, the first one lowest; they must lie within `bytes`.
    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self))
    }

    /// Marks bytes that are `byte`, which must be ASCII.
    @inline(__always)
    private static func zeroAfterXor(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        (word ^ (ones &* UInt64(byte))) &- ones
    }

    /// Marks what is not plain text in a string body: control characters, '"', '\' and everything beyond ASCII.
    @inline(__always)
    static func notPlain(_ word: UInt64) -> UInt64 {
        let control = word &- (ones &* 0x20)
        return (control | zeroAfterXor(word, ASCII.quote) | zeroAfterXor(word, ASCII.backslash) | word) & highs
    }

    /// Marks what must be escaped inside quotes: control characters, '"' and '\'.
    @inline(__always)
    static func mustEscape(_ word: UInt64) -> UInt64 {
        let control = word &- (ones &* 0x20)
        let any = control | zeroAfterXor(word, ASCII.quote) | zeroAfterXor(word, ASCII.backslash)
        return any & ~word & highs
    }

    /// Marks '"' and '\': all that matters in a string already known to be valid.
    @inline(__always)
    static func quoteOrBackslash(_ word: UInt64) -> UInt64 {
        (zeroAfterXor(word, ASCII.quote) | zeroAfterXor(word, ASCII.backslash)) & ~word & highs
    }

    /// Marks '\'.
    @inline(__always)
    static func backslash(_ word: UInt64) -> UInt64 { zeroAfterXor(word, ASCII.backslash) & ~word & highs }

    /// Marks bytes beyond ASCII.
    @inline(__always)
    static func beyondASCII(_ word: UInt64) -> UInt64 { word & highs }

    /// The first byte from `at` on that `marks` marks, or the count of `bytes` when none is.
    @inline(__always)
    static func first(
        in bytes: UnsafeRawBufferPointer,
        from start: Int,
        marks: (UInt64) -> UInt64,
        isMarked: (UInt8) -> Bool
    ) -> Int {
        var at = start
        while at &+ 8 <= bytes.count {
            let mask = marks(load(bytes, at))
            if mask != 0 { return at &+ (mask.trailingZeroBitCount &>> 3) }
            at &+= 8
        }
        while at < bytes.count, !isMarked(bytes[at]) { at &+= 1 }
        return at
    }

    /// Whether both hold the same bytes.
    @inline(__always)
    static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        var at = 0
        while at &+ 8 <= left.count {
            guard load(left, at) == load(right, at) else { return false }
            at &+= 8
        }
        while at < left.count {
            guard left[at] == right[at] else { return false }
            at &+= 1
        }
        return true
    }
}
