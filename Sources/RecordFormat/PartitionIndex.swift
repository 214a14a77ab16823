/// The number of a partition within its topic, from 0.
public struct PartitionIndex: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number, never negative in a stored topic.
    public let value: Int32

    /// The partition with this number.
    @inlinable
    public init(_ value: Int32) {
        self.value = value
    }

    /// The first partition of every topic.
    public static let zero = PartitionIndex(0)

    /// The number in decimal.
    public var description: String { String(value) }

    /// Whether `left` has the smaller number.
    @inlinable
    public static func < (left: PartitionIndex, right: PartitionIndex) -> Bool {
        left.value < right.value
    }
}
