import Glibc

/// Where randomness of a test comes from: one number, printed with every failure, that makes the run come again.
public enum Seed {
    /// `MILLRACE_SEED` when it is set, else a number that differs from run to run.
    public static func chosen() -> UInt64 {
        if let text = getenv("MILLRACE_SEED"), let seed = UInt64(String(cString: text)) { return seed }
        return UInt64.random(in: .min ... .max)
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, fast, and the same numbers on every machine and with every compiler.
public struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// Starts the sequence that belongs to `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number of `0 ..< bound`; the tiny bias of the remainder is of no matter to a test.
    ///
    /// Not `Int.random(in:using:)`, whose use of the generator may change with the standard library.
    public mutating func below(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: next() % UInt64(bound))
    }

    /// True in `percent` of a hundred cases.
    public mutating func chance(percent: Int) -> Bool {
        below(100) < percent
    }

    /// Random bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 7)
        while bytes.count < count {
            var word = next()
            for _ in 0..<8 {
                bytes.append(UInt8(truncatingIfNeeded: word))
                word >>= 8
            }
        }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
