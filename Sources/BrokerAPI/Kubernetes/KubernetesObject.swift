import BrokerCore
import Crypto
import JSONBytes
import NIOCore
import RecordFormat

/// The items of one collection as objects of Kubernetes.
///
///     {"kind":"Prices","apiVersion":"millrace.dev/v1","metadata":{"name":"AAPL","namespace":"default","uid":"...",
///      "resourceVersion":"18270","labels":{...},"annotations":{...},"creationTimestamp":"2026-11-21T10:00:00Z"},
///      "value":{...}}
struct KubernetesObject: Sendable {
    /// The topic behind it.
    let topic: TopicDescription
    /// How items are written.
    let text: ItemText
    /// The kind of the objects.
    let kind: String

    /// The objects of a topic.
    init(_ topic: TopicDescription, limits: Limits) {
        self.topic = topic
        text = ItemText(versions: CollectionVersion(topic), jsonDepthMax: limits.jsonDepthMax)
        kind = KubernetesNames.kind(of: topic.name.name)
    }

    /// The version that an item has.
    func version(of item: CollectionItem) -> String { text.versions.text(of: item) }

    /// Writes an item as the next value.
    ///
    /// - Parameter version: the version to write; nil for an object that was not stored.
    func write(_ item: CollectionItem, version: String?, to json: inout JSONWriter) {
        json.beginObject()
        json.field("kind", kind)
        json.field("apiVersion", KubernetesNames.apiVersion)
        json.object("metadata") { writeMetadata(item, version, to: &$0) }
        text.write(value(of: item), to: &json)
        json.endObject()
    }

    /// The value as it is written.
    ///
    /// One that has a number beyond all doubles comes as its bytes: clients of Kubernetes read numbers as doubles, and those that
    /// cannot read one refuse the whole list.
    private func value(of item: CollectionItem) -> ItemText.Value? {
        let value = text.value(of: item)
        guard case .json(let json) = value, let stored = item.record.value,
            !json.withUnsafeReadableBytes({ JSONNumber.allFitDouble($0) })
        else { return value }
        return .bytes(stored)
    }

    /// Writes an item without its value as the next value.
    func writeMetadataOnly(_ item: CollectionItem, version: String?, to json: inout JSONWriter) {
        json.beginObject()
        json.field("kind", "PartialObjectMetadata")
        json.field("apiVersion", "meta.k8s.io/v1")
        json.object("metadata") { writeMetadata(item, version, to: &$0) }
        json.endObject()
    }

    private func writeMetadata(_ item: CollectionItem, _ version: String?, to json: inout JSONWriter) {
        json.field("name", KubernetesNames.name(ofKey: item.record.key ?? ByteBuffer()))
        json.field("namespace", topic.name.namespace.value)
        json.field("uid", uid(of: item))
        if let version { json.field("resourceVersion", version) }
        text.writeTexts(of: item, to: &json)
        json.field("creationTimestamp", Self.seconds(item.created))
    }

    /// The object as a value that can be changed.
    func tree(_ item: CollectionItem) throws -> JSONTree {
        var json = JSONWriter()
        write(item, version: version(of: item), to: &json)
        return try JSONTree(validating: json.finish(), depthMax: text.jsonDepthMax + 1)
    }

    /// The same for all versions of an object, and for no other object: a UUID of version 8 (RFC 9562).
    ///
    /// A key that is deleted and made again is another one, where its records say when it came into being (``ItemBirth``). When
    /// that was of records that were simply produced is forgotten by compaction, and a uid must not change while an object
    /// lives: theirs is the key's.
    func uid(of item: CollectionItem) -> String {
        var hash = SHA256()
        hash.update(
            data: Array("\(topic.id.hex)/\(item.record.birth.map { "\($0.millisecondsSinceEpoch)" } ?? "")/".utf8)
        )
        hash.update(data: Array((item.record.key ?? ByteBuffer()).readableBytesView))
        var bytes = Array(hash.finalize().prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x80
        bytes[8] = bytes[8] & 0x3f | 0x80
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        return [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { digits[$0].joined() }.joined(separator: "-")
    }

    /// A time as Kubernetes writes it, in whole seconds.
    static func seconds(_ time: Timestamp) -> String {
        let text = time.rfc3339
        // It always ends in three digits of a second and a Z.
        return "\(text.dropLast(5))Z"
    }
}
