import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// An item as a client wants it to be.
///
///     {"value":{"state":"paid"},"metadata":{"labels":{"tier":"gold"},"annotations":{"by":"desk 7"}}}
///
/// It has the form in which items are read, so what was read can be changed and sent back: a `name` must be that of the
/// path, a `resourceVersion` is a condition, a `creationTimestamp` is passed over.
struct ItemDocument {
    /// The value, never null.
    let value: JSONTree
    /// The labels, in the order in which they were sent.
    let labels: [(name: String, value: String)]
    /// The annotations, in the order in which they were sent.
    let annotations: [(name: String, value: String)]
    /// The version that the item must have.
    let resourceVersion: String?
    /// What is stored instead of the value: bytes that are not JSON.
    var valueBytes: ByteBuffer?

    /// Reads a body.
    init(_ body: ByteBuffer, of key: String, limits: Limits) throws(Problem) {
        // The value stands one level deep.
        try self.init(JSONDocument.tree(body, what: "the body", depthMax: limits.jsonDepthMax + 1), of: key)
    }

    /// Reads a value that has the form of an item.
    init(_ tree: JSONTree, of key: String) throws(Problem) {
        let fields = try Self.object(tree, "the item", known: ["metadata", "value"])
        guard let value = fields["value"], value.kind != .null else {
            throw Problem.invalidRequest(
                "the item has no value: {\"value\":...}; DELETE removes an item, and null is no value of one"
            )
        }
        self.value = value
        let known = ["name", "resourceVersion", "labels", "annotations", "creationTimestamp"]
        let metadata = try fields["metadata"].map { (metadata) throws(Problem) in
            try Self.object(metadata, "metadata", known: known)
        }
        if let name = try Self.text(metadata?["name"], "metadata.name"), name != key {
            throw Problem.invalidRequest("metadata.name is \"\(Problem.shown(name))\", and the path names another item")
        }
        resourceVersion = try Self.text(metadata?["resourceVersion"], "metadata.resourceVersion")
        labels = try Self.texts(metadata?["labels"], "labels")
        annotations = try Self.texts(metadata?["annotations"], "annotations")
    }

    /// The record that holds it.
    func record(key: String, now: Timestamp, limits: Limits) throws(Problem) -> DecodedRecord {
        let bytes: ByteBuffer
        if let valueBytes { bytes = valueBytes } else { bytes = try json(depthMax: limits.jsonDepthMax) }
        let headers =
            Self.headers(labels, ItemText.labelPrefix) + Self.headers(annotations, ItemText.annotationPrefix)
        let record = DecodedRecord(timestamp: now, key: ByteBuffer(string: key), value: bytes, headers: headers)
        do {
            _ = try RecordBounds(limits).check(record)
        } catch {
            throw Problem(
                error.code,
                error.detail(of: "the item", headers: "labels and annotations"),
                members: error.members
            )
        }
        return record
    }

    private func json(depthMax: Int) throws(Problem) -> ByteBuffer {
        var bytes = ByteBuffer()
        value.write(into: &bytes)
        do {
            // A patch may have put one value into another.
            _ = try JSONValidator.validate(bytes, depthMax: depthMax)
        } catch {
            throw Problem.invalidRequest("the value is not valid at byte \(error.byteOffset): \(error.reason)")
        }
        return bytes
    }

    private static func headers(_ texts: [(name: String, value: String)], _ prefix: String) -> [RecordHeader] {
        texts.map { RecordHeader(name: ByteBuffer(string: prefix + $0.name), value: ByteBuffer(string: $0.value)) }
    }

    private static func texts(
        _ tree: JSONTree?,
        _ what: String
    ) throws(Problem) -> [(name: String, value: String)] {
        guard let tree, tree.kind != .null else { return [] }
        guard case .object(let fields) = tree else { throw Problem.invalidRequest("metadata.\(what) is not an object") }
        var texts: [(name: String, value: String)] = []
        for field in fields {
            guard let name = String(validating: field.name, as: UTF8.self), !name.isEmpty else {
                throw Problem.invalidRequest("a name in metadata.\(what) is empty or no text")
            }
            guard let value = try text(field.value, "metadata.\(what).\(Problem.shown(name))") else {
                throw Problem.invalidRequest("metadata.\(what).\(Problem.shown(name)) is null: leave it out")
            }
            texts.append((name, value))
        }
        return texts
    }

    private static func object(_ tree: JSONTree, _ what: String, known: [String]) throws(Problem) -> JSONObject {
        guard case .object(let fields) = tree else { throw Problem.invalidRequest("\(what) is not a JSON object") }
        for field in fields where !known.contains(where: { Array($0.utf8) == field.name }) {
            throw Problem.unknownName(
                String(decoding: field.name, as: UTF8.self),
                what: "field of \(what),",
                known: known
            )
        }
        return fields
    }

    private static func text(_ tree: JSONTree?, _ what: String) throws(Problem) -> String? {
        guard let tree, tree.kind != .null else { return nil }
        guard let text = tree.text else { throw Problem.invalidRequest("\(what) is not a string") }
        return text
    }
}

extension DecodedRecord {
    /// The bytes of its key and its value.
    var content: Int { (key?.readableBytes ?? 0) + (value?.readableBytes ?? 0) }
}

extension JSONObject {
    /// The value of a name.
    subscript(name: String) -> JSONTree? { self[Array(name.utf8)] }
}
