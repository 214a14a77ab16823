/// The identity of a topic, a 128-bit UUID: a topic made anew under an old name has another one.
public struct TopicID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// The identity of these sixteen bytes.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads exactly 32 hexadecimal digits of either case; nil for anything else.
    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 32 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for digit in hex.utf8 {
            guard let value = Self.value(ofHexDigit: digit) else { return nil }
            high = high << 4 | low >> 60
            low = low << 4 | value
        }
        self.init(high: high, low: low)
    }

    /// All 32 hexadecimal digits, in lower case: the name of the topic's directory.
    public var hex: String { Self.hexDigits(of: high) + Self.hexDigits(of: low) }

    /// The first eight hexadecimal digits: the short form that a cursor carries.
    public var tag: String { String(Self.hexDigits(of: high).prefix(8)) }

    /// The same as ``hex``.
    public var description: String { hex }

    /// Compares as the hexadecimal forms compare.
    @inlinable
    public static func < (left: TopicID, right: TopicID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    private static func hexDigits(of value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }

    private static func value(ofHexDigit digit: UInt8) -> UInt64? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(digit - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
