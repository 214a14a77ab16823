/// Why bytes of `__consumer_offsets` are not a record that this version understands.
public struct GroupRecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Kind: Hashable, Sendable {
        /// The bytes end too early.
        case truncated
        /// Bytes follow behind the last field.
        case trailingBytes
        /// A version that this broker does not know.
        case unknownVersion(Int16)
        /// A field holds what it may not.
        case invalidField(String)
    }

    /// Whether key or value is meant.
    public enum Part: String, Hashable, Sendable {
        /// The record's key.
        case key
        /// The record's value.
        case value
    }

    /// What is wrong.
    public let kind: Kind
    /// Where: key or value.
    public let part: Part
    /// Where in it, in bytes.
    public let byteOffset: Int

    /// One sentence that says what and where.
    public var description: String {
        let what =
            switch kind {
            case .truncated: "ends too early"
            case .trailingBytes: "goes on behind its last field"
            case .unknownVersion(let version): "has version \(version), which this broker does not know"
            case .invalidField(let text): text
            }
        return "group record: \(part.rawValue) \(what), at byte \(byteOffset)"
    }
}
