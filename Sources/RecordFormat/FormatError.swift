/// Bytes that are not what the format says, with the place and the reason.
public struct FormatError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong, for a caller that decides by it.
    public enum Kind: String, Hashable, Sendable {
        /// Fewer bytes than the format needs.
        case truncated
        /// More bytes than the format says.
        case trailingBytes
        /// A length that is negative, too small, or larger than what holds it.
        case length
        /// A format version other than 2.
        case magic
        /// Bytes that do not have their checksum.
        case checksum
        /// A record count, last offset delta or offset delta that does not fit the others.
        case count
        /// A variable-length integer with too many bytes or bits.
        case varint
        /// A compression codec that is unknown or that this broker does not read.
        case codec
        /// A gzip stream that is damaged.
        case compressedData
        /// A gzip stream that inflates beyond its bound.
        case tooLarge
    }

    /// What is wrong.
    public let kind: Kind
    /// The byte at which it was noticed, counted from the beginning of the bytes in question.
    public let position: ByteCount
    /// The reason in plain words.
    public let text: String

    /// An error of this kind, at this byte, for this reason.
    public init(_ kind: Kind, at position: Int, _ text: String) {
        self.kind = kind
        self.position = ByteCount(position)
        self.text = text
    }

    /// The reason and the byte.
    public var description: String { "\(text), at byte \(position.value)" }
}
