import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// A list of objects in the form that its client wants, written piece by piece: a beginning, items, an end.
///
///     {"kind":"PricesList","apiVersion":"millrace.dev/v1","metadata":{"resourceVersion":"...","continue":"..."},
///      "items":[...]}
struct KubernetesListText: Sendable {
    let form: KubernetesForm
    /// The kind of the objects.
    let kind: String
    /// The time from which ages are counted.
    let now: Timestamp
    private var hasItems = false

    /// A list that nothing was written of.
    init(_ form: KubernetesForm, kind: String, now: Timestamp) {
        self.form = form
        self.kind = kind
        self.now = now
    }

    /// Everything up to the first item.
    func beginning(version: String, next: String?) -> ByteBuffer {
        var json = JSONWriter()
        json.beginObject()
        switch form {
        case .objects: Self.writeType("\(kind)List", KubernetesNames.apiVersion, to: &json)
        case .table: Self.writeType("Table", "meta.k8s.io/v1", to: &json)
        case .metadata: Self.writeType("PartialObjectMetadataList", "meta.k8s.io/v1", to: &json)
        }
        json.object("metadata") { json in
            json.field("resourceVersion", version)
            if let next { json.field("continue", next) }
        }
        if case .table = form { KubernetesTable.writeColumns(to: &json) }
        json.endObject()
        var text = json.finish()
        // The object stays open for its items.
        text.moveWriterIndex(to: text.writerIndex - 1)
        text.writeString(isTable ? ",\"rows\":[" : ",\"items\":[")
        return text
    }

    /// Some items, each with its collection.
    mutating func items(_ items: [(CollectionItem, KubernetesObject)]) -> ByteBuffer {
        var text = ByteBuffer()
        for (item, object) in items {
            if hasItems { text.writeString(",") }
            hasItems = true
            var json = JSONWriter(into: text)
            text = ByteBuffer()
            write(item, version: object.version(of: item), object, to: &json)
            text = json.finish()
        }
        return text
    }

    /// The end.
    func end() -> ByteBuffer { ByteBuffer(string: "]}") }

    /// Writes an item as the next value: an object, or a table's row.
    private func write(
        _ item: CollectionItem,
        version: String?,
        _ object: KubernetesObject,
        to json: inout JSONWriter
    ) {
        switch form {
        case .objects: object.write(item, version: version, to: &json)
        case .metadata: object.writeMetadataOnly(item, version: version, to: &json)
        case .table(let row):
            KubernetesTable.writeRow(item, version: version, object, with: row, now: now, to: &json)
        }
    }

    /// Writes one object that stands alone as the next value; a table of one row where tables are wanted.
    func writeAlone(
        _ item: CollectionItem,
        version: String?,
        _ object: KubernetesObject,
        to json: inout JSONWriter
    ) {
        guard isTable else { return write(item, version: version, object, to: &json) }
        json.beginObject()
        Self.writeType("Table", "meta.k8s.io/v1", to: &json)
        json.object("metadata") { json in
            if let version { json.field("resourceVersion", version) }
        }
        KubernetesTable.writeColumns(to: &json)
        json.list("rows", [item]) { write($0, version: version, object, to: &$1) }
        json.endObject()
    }

    private var isTable: Bool { if case .table = form { true } else { false } }

    private static func writeType(_ kind: String, _ version: String, to json: inout JSONWriter) {
        json.field("kind", kind)
        json.field("apiVersion", version)
    }
}
