import FoundationEssentials
import NIOCore

/// A record as a stream or a page brought it: where it is from, and its JSON text untouched.
public struct ReceivedRecord: Sendable {
    /// The topic.
    public let topic: String
    /// The partition.
    public let partition: Int32
    /// The offset in the partition; the next to read is one more.
    public let offset: Int64
    /// When it was appended (or what its producer said), RFC 3339.
    public let timestamp: String?
    /// The key, when it is text.
    public let key: String?
    /// The key in Base64, when it is not text.
    public let keyBase64: String?
    /// The whole JSON object as received, without a line break.
    public let bytes: ByteBuffer

    /// The JSON object as text.
    public var json: String { String(buffer: bytes) }

    /// The JSON text of the value, or of `valueBase64`; nil when there is none (a tombstone).
    public var valueText: String? {
        let members = JSONMembers(bytes)
        return members.text(of: "value") ?? members.text(of: "valueBase64")
    }

    /// The value as it was produced: its JSON text, or the bytes that came as `valueBase64`; nil when there is none.
    public var valueBytes: [UInt8]? {
        let members = JSONMembers(bytes)
        if let text = members.text(of: "value") { return text == "null" ? nil : Array(text.utf8) }
        let base64 = members.text(of: "valueBase64").flatMap { Data(base64Encoded: String($0.dropFirst().dropLast())) }
        return base64.map { Array($0) }
    }

    /// Decodes the value.
    /// - Throws: what `JSONDecoder` throws; also when the value is absent (a tombstone) or came as `valueBase64`.
    public func value<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(ValueEnvelope<Value>.self, from: Data(bytes.readableBytesView)).value
    }
}

private struct ValueEnvelope<Value: Decodable>: Decodable {
    let value: Value
}

/// The members of a record's object that the client looks at.
struct WireRecord: Decodable {
    let topic: String
    let partition: Int32
    let offset: Int64
    let timestamp: String?
    let key: String?
    let keyBase64: String?

    func received(_ bytes: ByteBuffer) -> ReceivedRecord {
        ReceivedRecord(
            topic: topic,
            partition: partition,
            offset: offset,
            timestamp: timestamp,
            key: key,
            keyBase64: keyBase64,
            bytes: bytes
        )
    }
}
