/// A wall-clock instant in whole milliseconds, as Kafka stores it.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z, without leap seconds; negative before it.
    public let millisecondsSinceEpoch: Int64

    /// The instant this many milliseconds after 1970-01-01T00:00:00Z.
    @inlinable
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// 1970-01-01T00:00:00Z.
    public static let epoch = Timestamp(millisecondsSinceEpoch: 0)

    /// The instant as RFC 3339 writes it.
    public var description: String { rfc3339 }

    /// The instant that lies `milliseconds` later (earlier when negative).
    @inlinable
    public func advanced(byMilliseconds milliseconds: Int64) -> Timestamp {
        Timestamp(millisecondsSinceEpoch: millisecondsSinceEpoch + milliseconds)
    }

    /// Whether `left` is the earlier instant.
    @inlinable
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }
}
