/// The sixteen attribute bits of a batch.
///
/// ```
/// bit  15      14..7   6               5        4              3              2..0
///      isJSON  unused  deleteHorizon   control  transactional  logAppendTime  codec
/// ```
/// Bits 0 to 6 are Kafka's; bit 15 is ours: every value was validated as JSON on one line.
public struct BatchAttributes: OptionSet, Hashable, Sendable {
    /// The bits as stored.
    public let rawValue: UInt16

    /// These bits.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The bits that name this codec.
    public init(codec: Codec) {
        self.init(rawValue: UInt16(codec.rawValue))
    }

    /// Every record's timestamp is the batch's maximum, the time of the append.
    public static let logAppendTime = BatchAttributes(rawValue: 1 << 3)
    /// The batch belongs to a transaction.
    public static let transactional = BatchAttributes(rawValue: 1 << 4)
    /// The batch holds a marker for the log itself; readers skip it and count its offsets.
    public static let control = BatchAttributes(rawValue: 1 << 5)
    /// The base timestamp is the time after which tombstones may go; the records' deltas start from it all the same.
    public static let deleteHorizon = BatchAttributes(rawValue: 1 << 6)
    /// Every value was validated as JSON on one line; no client may set it through Kafka's protocol.
    public static let json = BatchAttributes(rawValue: 1 << 15)

    /// The same bits but for those that name the codec.
    public func with(_ codec: Codec) -> BatchAttributes {
        BatchAttributes(rawValue: rawValue & ~0x7 | UInt16(codec.rawValue))
    }

    /// The codec, nil when its number is none of Kafka's.
    public var codec: Codec? { Codec(rawValue: UInt8(rawValue & 0x7)) }
}
