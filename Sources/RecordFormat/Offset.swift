/// The place of a record in a partition: 0 for the first, one more for each that follows.
public struct Offset: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number itself, never negative in a stored log.
    public let value: Int64

    /// The offset with this number.
    @inlinable
    public init(_ value: Int64) {
        self.value = value
    }

    /// The first offset of every partition.
    public static let zero = Offset(0)

    /// The number in decimal.
    public var description: String { String(value) }

    /// The offset that lies `count` records later (earlier when negative).
    @inlinable
    public func advanced(by count: Int) -> Offset {
        Offset(value + Int64(count))
    }

    /// How many records lie from `right` (inclusive) to `left` (exclusive).
    @inlinable
    public static func - (left: Offset, right: Offset) -> Int64 {
        left.value - right.value
    }

    /// Whether `left` comes before `right` in the log.
    @inlinable
    public static func < (left: Offset, right: Offset) -> Bool {
        left.value < right.value
    }
}
