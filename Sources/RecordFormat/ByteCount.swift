/// A size in bytes.
public struct ByteCount: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The number of bytes.
    public let value: Int

    /// This many bytes.
    @inlinable
    public init(_ value: Int) {
        self.value = value
    }

    /// No bytes.
    public static let zero = ByteCount(0)

    /// `count` times 1,024 bytes.
    @inlinable
    public static func kibibytes(_ count: Int) -> ByteCount {
        ByteCount(count * 1024)
    }

    /// `count` times 1,048,576 bytes.
    @inlinable
    public static func mebibytes(_ count: Int) -> ByteCount {
        ByteCount(count * 1024 * 1024)
    }

    /// The number and its unit, in the largest binary unit that divides it: `4 MiB`, `1500 bytes`.
    public var description: String {
        if value != 0, value.isMultiple(of: 1024 * 1024) { return "\(value / (1024 * 1024)) MiB" }
        if value != 0, value.isMultiple(of: 1024) { return "\(value / 1024) KiB" }
        return value == 1 ? "1 byte" : "\(value) bytes"
    }

    /// The sum of two sizes.
    @inlinable
    public static func + (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.value + right.value)
    }

    /// The difference of two sizes.
    @inlinable
    public static func - (left: ByteCount, right: ByteCount) -> ByteCount {
        ByteCount(left.value - right.value)
    }

    /// Adds a size in place.
    @inlinable
    public static func += (left: inout ByteCount, right: ByteCount) {
        left = left + right
    }

    /// Takes a size away in place.
    @inlinable
    public static func -= (left: inout ByteCount, right: ByteCount) {
        left = left - right
    }

    /// Whether `left` is the smaller size.
    @inlinable
    public static func < (left: ByteCount, right: ByteCount) -> Bool {
        left.value < right.value
    }
}
