import FoundationEssentials
import NIOCore

/// An item of a collection as it was received: who it is, and its JSON text untouched.
public struct CollectionItem: Sendable, Hashable {
    /// The name, when the key is text.
    public let name: String?
    /// The key in Base64, when it is not text.
    public let nameBase64: String?
    /// The version: opaque, for conditions.
    public let resourceVersion: String
    /// The labels.
    public let labels: [String: String]
    /// When the item was made, RFC 3339.
    public let creationTimestamp: String?
    /// The whole JSON object as received.
    public let bytes: ByteBuffer

    /// The JSON object as text.
    public var json: String { String(buffer: bytes) }

    /// The JSON text of the value, or of `valueBase64`; nil when there is none.
    public var valueText: String? {
        let members = JSONMembers(bytes)
        return members.text(of: "value") ?? members.text(of: "valueBase64")
    }

    /// Decodes the value.
    /// - Throws: what `JSONDecoder` throws; also when the value came as `valueBase64`.
    public func value<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(ItemEnvelope<Value>.self, from: Data(bytes.readableBytesView)).value
    }

    /// Reads an item's object.
    init(_ bytes: ByteBuffer) throws(MillraceError) {
        let wire = try EventLine(bytes: bytes).decode(WireItem.self).metadata
        name = wire.name
        nameBase64 = wire.nameBase64
        resourceVersion = wire.resourceVersion
        labels = wire.labels ?? [:]
        creationTimestamp = wire.creationTimestamp
        self.bytes = bytes
    }
}

private struct ItemEnvelope<Value: Decodable>: Decodable {
    let value: Value
}

/// The members of an item's object that the client looks at; a bookmark's are some of them.
struct WireItem: Decodable {
    struct Metadata: Decodable {
        let name: String?
        let nameBase64: String?
        let resourceVersion: String
        let labels: [String: String]?
        let annotations: [String: String]?
        let creationTimestamp: String?
    }

    let metadata: Metadata

    /// Whether it is the bookmark behind the state with which a watch begins.
    var isEndOfState: Bool { metadata.annotations?["k8s.io/initial-events-end"] == "true" }
}
