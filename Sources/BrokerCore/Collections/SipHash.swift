/// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012): a keyed hash that nobody without the key can make meet.
///
/// Unlike `Hasher` it is the same in every process, so that what was hashed can be kept in a file.
struct SipHash: Sendable {
    /// 128 bits.
    struct Value: Hashable, Sendable {
        let low: UInt64
        let high: UInt64
    }

    private let key: (UInt64, UInt64)

    /// A hash with a key, of which sixteen bytes count; missing ones are zero.
    init(key: [UInt8]) {
        self.key = (Self.word(key, at: 0), Self.word(key, at: 8))
    }

    /// The hash of some bytes.
    func hash(_ bytes: UnsafeRawBufferPointer) -> Value {
        var state = State(key)
        var at = 0
        while at + 8 <= bytes.count {
            state.compress(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        var last = UInt64(truncatingIfNeeded: bytes.count) << 56
        for (place, byte) in bytes[at...].enumerated() { last |= UInt64(byte) << (8 * UInt64(place)) }
        state.compress(last)
        return state.finish()
    }

    private static func word(_ bytes: [UInt8], at start: Int) -> UInt64 {
        bytes.dropFirst(start).prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
    }

    private struct State {
        private var v0: UInt64
        private var v1: UInt64
        private var v2: UInt64
        private var v3: UInt64

        init(_ key: (UInt64, UInt64)) {
            v0 = key.0 ^ 0x736f_6d65_7073_6575
            v1 = key.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
            v2 = key.0 ^ 0x6c79_6765_6e65_7261
            v3 = key.1 ^ 0x7465_6462_7974_6573
        }

        mutating func compress(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        mutating func finish() -> Value {
            v2 ^= 0xee
            for _ in 0..<4 { round() }
            let low = v0 ^ v1 ^ v2 ^ v3
            v1 ^= 0xdd
            for _ in 0..<4 { round() }
            return Value(low: low, high: v0 ^ v1 ^ v2 ^ v3)
        }

        private mutating func round() {
            v0 &+= v1
            v1 = Self.rotate(v1, 13) ^ v0
            v0 = Self.rotate(v0, 32)
            v2 &+= v3
            v3 = Self.rotate(v3, 16) ^ v2
            v0 &+= v3
            v3 = Self.rotate(v3, 21) ^ v0
            v2 &+= v1
            v1 = Self.rotate(v1, 17) ^ v2
            v2 = Self.rotate(v2, 32)
        }

        private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 { word << bits | word >> (64 - bits) }
    }
}
