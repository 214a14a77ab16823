import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// An object as a client wants it to be.
///
/// It has the form in which objects are read. What Kubernetes itself fills in (`creationTimestamp`, `managedFields` and the
/// like) is passed over; what it would keep and Millrace cannot is refused rather than lost.
struct KubernetesDocument {
    /// What becomes of fields that nobody knows.
    enum Validation: String {
        case ignore = "Ignore"
        case warn = "Warn"
        case strict = "Strict"

        /// What a request asks for: without a word, a warning.
        init(_ query: QueryParameters) throws {
            guard let text = query["fieldValidation"], !text.isEmpty else {
                self = .warn
                return
            }
            guard let validation = Validation(rawValue: text) else {
                throw KubernetesStatus.badRequest(
                    "fieldValidation is Ignore, Warn or Strict, not \"\(Problem.shown(text))\""
                )
            }
            self = validation
        }
    }

    /// The name, if there is one.
    let name: String?
    /// What the name of a new object is to begin with.
    let generateName: String?
    /// The identity that the object must have.
    let uid: String?
    /// The version that the object must have.
    let resourceVersion: String?
    /// The object with the fields alone that an item has.
    private let item: JSONTree
    /// The value where it is given in base64.
    private let bytes: ByteBuffer?
    /// The first fields that nobody knows.
    private(set) var unknown: [String] = []

    private static let passedOver = [
        "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields",
        "selfLink",
    ]
    /// The most unknown fields that are told (10): a body has room for many, and an answer's head has not.
    private static let unknownToldMax = 10
    private static let notKept = ["finalizers", "ownerReferences"]

    /// Reads an object that was sent, or that a patch made.
    init(_ tree: JSONTree, of object: KubernetesObject, _ validation: Validation) throws {
        guard case .object(let fields) = tree else { throw KubernetesStatus.badRequest("the object is no JSON object") }
        try Self.check(fields["apiVersion"], "apiVersion", KubernetesNames.apiVersion)
        try Self.check(fields["kind"], "kind", object.kind)
        var metadata = JSONObject()
        if let tree = fields["metadata"], tree.kind != .null {
            guard case .object(let fields) = tree else {
                throw KubernetesStatus.badRequest("metadata is no JSON object")
            }
            metadata = fields
        }
        try Self.check(metadata["namespace"], "metadata.namespace", object.topic.name.namespace.value)
        for name in Self.notKept {
            guard let tree = metadata[name], tree.kind != .null else { continue }
            if case .array(let elements) = tree, elements.isEmpty { continue }
            throw KubernetesStatus.invalid("metadata.\(name)", "FieldValueForbidden", "Forbidden: Millrace keeps none")
        }
        name = try Self.text(metadata["name"], "metadata.name")
        generateName = try Self.text(metadata["generateName"], "metadata.generateName")
        uid = try Self.text(metadata["uid"], "metadata.uid")
        resourceVersion = try Self.text(metadata["resourceVersion"], "metadata.resourceVersion")
        bytes = try Self.bytes(fields)
        // Where there are bytes they take the place of the value.
        item = try Self.item(bytes == nil ? fields["value"] : .object(JSONObject()), metadata)
        unknown =
            Self.unknown(fields, known: ["apiVersion", "kind", "metadata", "value", "valueBase64"], prefix: "")
            + Self.unknown(
                metadata,
                known: ["name", "generateName", "namespace", "uid", "resourceVersion", "labels", "annotations"]
                    + Self.passedOver + Self.notKept,
                prefix: "metadata."
            )
        unknown = Array(unknown.prefix(Self.unknownToldMax))
        if validation == .strict, !unknown.isEmpty {
            let list = unknown.map { "unknown field \"\(Problem.shown($0))\"" }.joined(separator: ", ")
            throw KubernetesStatus.badRequest("strict decoding error: \(list)")
        }
        if validation == .ignore { unknown = [] }
    }

    /// The record that is to be stored, and whether its value is JSON.
    func record(key: String, now: Timestamp, limits: Limits) throws(Problem) -> (record: DecodedRecord, isJSON: Bool) {
        var document = try ItemDocument(item, of: key)
        document.valueBytes = bytes
        return (try document.record(key: key, now: now, limits: limits), bytes == nil)
    }

    /// The bytes of a value that is not JSON, as objects that have one are read; a `value` beside it counts more.
    private static func bytes(_ fields: JSONObject) throws -> ByteBuffer? {
        if let value = fields["value"], value.kind != .null { return nil }
        guard let tree = fields["valueBase64"], tree.kind != .null else { return nil }
        guard let text = tree.text else { throw KubernetesStatus.badRequest("valueBase64 is not a string") }
        var bytes = ByteBuffer()
        do {
            try Array(text.utf8).withUnsafeBytes { try Base64.decode($0, into: &bytes) }
        } catch {
            throw KubernetesStatus.badRequest("valueBase64 is not base64")
        }
        return bytes
    }

    /// The value, labels and annotations, as an item has them.
    private static func item(_ value: JSONTree?, _ metadata: JSONObject) throws -> JSONTree {
        guard let value, value.kind != .null else {
            throw KubernetesStatus.invalid(
                "value",
                "FieldValueRequired",
                "Required value: an object is {\"metadata\":...,\"value\":...}, and null is no value"
            )
        }
        if let (place, number) = value.numberBeyondDouble {
            throw KubernetesStatus.badRequest(
                "value\(Problem.shown(place)) is \(Problem.shown(number)), which no float64 holds: "
                    + "the clients of Kubernetes could not read it"
            )
        }
        var kept = JSONObject()
        for name in ["labels", "annotations"] { kept[Array(name.utf8)] = metadata[name] }
        var item = JSONObject()
        item[Array("metadata".utf8)] = .object(kept)
        item[Array("value".utf8)] = value
        return .object(item)
    }

    private static func check(_ tree: JSONTree?, _ field: String, _ wanted: String) throws {
        guard let found = try text(tree, field), found != wanted else { return }
        throw KubernetesStatus.badRequest(
            "\(field) is \"\(Problem.shown(found))\", and the request is about \"\(wanted)\""
        )
    }

    /// A text; nil for none, and for an empty one.
    private static func text(_ tree: JSONTree?, _ field: String) throws -> String? {
        guard let tree, tree.kind != .null else { return nil }
        guard let text = tree.text else { throw KubernetesStatus.badRequest("\(field) is not a string") }
        return text.isEmpty ? nil : text
    }

    private static func unknown(_ fields: JSONObject, known: [String], prefix: String) -> [String] {
        let names = fields.map { String(decoding: $0.name, as: UTF8.self) }
        return names.filter { !known.contains($0) }.map { prefix + $0 }
    }
}
