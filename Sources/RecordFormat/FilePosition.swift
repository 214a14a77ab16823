/// The place of a byte in a file.
public struct FilePosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number of bytes before it.
    public let value: UInt64

    /// The position with this many bytes before it.
    @inlinable
    public init(_ value: UInt64) {
        self.value = value
    }

    /// The beginning of a file.
    public static let zero = FilePosition(0)

    /// The number in decimal.
    public var description: String { String(value) }

    /// The position that lies `count` bytes later (earlier when negative; below zero traps).
    @inlinable
    public func advanced(by count: ByteCount) -> FilePosition {
        FilePosition(
            count.value >= 0 ? value + UInt64(count.value) : value - UInt64(count.value.magnitude)
        )
    }

    /// How many bytes lie from `right` (inclusive) to `left` (exclusive).
    @inlinable
    public static func - (left: FilePosition, right: FilePosition) -> ByteCount {
        ByteCount(Int(left.value) - Int(right.value))
    }

    /// Whether `left` comes before `right` in the file.
    @inlinable
    public static func < (left: FilePosition, right: FilePosition) -> Bool {
        left.value < right.value
    }
}
