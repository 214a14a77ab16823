/// The run of the data directory in which a batch was appended; raised by every recovery.
public struct LeaderEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number, -1 in a batch that has not been appended yet.
    public let value: Int32

    /// The epoch with this number.
    @inlinable
    public init(_ value: Int32) {
        self.value = value
    }

    /// What a batch carries before the log stamps it.
    public static let unknown = LeaderEpoch(-1)

    /// The number in decimal.
    public var description: String { String(value) }

    /// Whether `left` is the earlier run.
    @inlinable
    public static func < (left: LeaderEpoch, right: LeaderEpoch) -> Bool {
        left.value < right.value
    }
}
