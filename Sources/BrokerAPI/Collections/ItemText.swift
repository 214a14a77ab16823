import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Items as JSON.
///
///     {"metadata":{"name":"AAPL","resourceVersion":"18270","labels":{"tier":"gold"},"annotations":{"by":"desk 7"},
///                  "creationTimestamp":"2026-11-21T10:00:00.120Z"},"value":{...}}
///
/// A key that is not UTF-8 comes as `nameBase64`, a value that is not JSON as `valueBase64`. Labels are the record's
/// headers whose names begin with `label.`, annotations those that begin with `annotation.`.
struct ItemText {
    /// What the headers of labels begin with.
    static let labelPrefix = "label."
    /// What the headers of annotations begin with.
    static let annotationPrefix = "annotation."

    /// How versions are written.
    let versions: CollectionVersion
    /// How deep a value may be nested.
    let jsonDepthMax: Int
    /// What of a JSON value is written; nil is all of it.
    var projection: JSONProjection?

    /// A value as it is written.
    enum Value {
        /// JSON on one line, or what of it is asked for.
        case json(ByteBuffer)
        /// Anything else.
        case bytes(ByteBuffer)
    }

    /// Writes an item as the next value.
    func write(_ item: CollectionItem, to json: inout JSONWriter) {
        write(item, version: versions.text(of: item), value: value(of: item), to: &json)
    }

    /// Writes an item as the next value, under a version that need not be its own.
    func write(_ item: CollectionItem, version: String, value: Value?, to json: inout JSONWriter) {
        json.beginObject()
        writeMetadata(item, version: version, to: &json)
        write(value, to: &json)
        json.endObject()
    }

    /// Writes the field of a value into an object that is open; a tombstone has none.
    func write(_ value: Value?, to json: inout JSONWriter) {
        switch value {
        case .json(let value):
            json.key("value")
            json.raw(value)
        case .bytes(let value):
            json.key("valueBase64")
            json.base64(value)
        case nil: break
        }
    }

    /// Writes an item's metadata as a field of an open object.
    func writeMetadata(_ item: CollectionItem, version: String, to json: inout JSONWriter) {
        json.key("metadata")
        json.beginObject()
        writeName(item.record.key ?? ByteBuffer(), to: &json)
        json.key("resourceVersion")
        json.string(version)
        writeTexts(of: item, to: &json)
        json.key("creationTimestamp")
        json.string(item.created.rfc3339)
        json.endObject()
    }

    /// The value of an item as it is written; nil for a tombstone.
    func value(of item: CollectionItem) -> Value? {
        guard let value = item.record.value else { return nil }
        guard !item.isJSON else { return .json(projected(value)) }
        guard let shape = try? JSONValidator.validate(value, depthMax: jsonDepthMax), shape.kind != .null else {
            return .bytes(value)
        }
        var line = value
        if shape.hasLineBreaks { JSONLineBreaks.replaceBetweenTokens(in: &line) }
        return .json(projected(line))
    }

    private func projected(_ value: ByteBuffer) -> ByteBuffer {
        guard let projection else { return value }
        var projected = ByteBuffer()
        value.withUnsafeReadableBytes { projection.write($0, value: 0..<$0.count, into: &projected) }
        return projected
    }

    /// Writes the labels and the annotations, where there are any, into an object that is open.
    func writeTexts(of item: CollectionItem, to json: inout JSONWriter) {
        write("labels", Self.texts(item.record.headers, of: Self.labelPrefix), to: &json)
        write("annotations", Self.texts(item.record.headers, of: Self.annotationPrefix), to: &json)
    }

    /// An answer that is an item.
    func reply(_ status: HTTPResponse.Status = .ok, _ item: CollectionItem) -> APIReply {
        var json = JSONWriter()
        write(item, to: &json)
        var headers: HTTPFields = [:]
        headers[.eTag] = "\"\(versions.text(of: item))\""
        return .json(status: status, headers: headers, body: json.finish())
    }

    /// The item as a value that can be changed.
    func tree(_ item: CollectionItem) throws(Problem) -> JSONTree {
        var json = JSONWriter()
        write(item, to: &json)
        do {
            return try JSONTree(validating: json.finish(), depthMax: jsonDepthMax + 1)
        } catch {
            throw Problem(.internalError, "an item that was written cannot be read: \(error)", hasNoSideEffects: true)
        }
    }

    private func writeName(_ key: ByteBuffer, to json: inout JSONWriter) {
        key.withUnsafeReadableBytes { key in
            if JSONString.isUTF8(key) {
                json.key("name")
                json.string(utf8: key)
            } else {
                json.key("nameBase64")
                json.base64(key)
            }
        }
    }

    private func write(_ name: String, _ texts: [(name: String, value: String)], to json: inout JSONWriter) {
        guard !texts.isEmpty else { return }
        json.key(name)
        json.beginObject()
        for text in texts {
            json.key(text.name)
            json.string(text.value)
        }
        json.endObject()
    }

    /// The texts among headers whose names begin so, each name once: the first counts.
    private static func texts(_ headers: [RecordHeader], of prefix: String) -> [(name: String, value: String)] {
        var texts: [(name: String, value: String)] = []
        for header in headers {
            let name = String(buffer: header.name)
            guard name.hasPrefix(prefix), let value = header.value else { continue }
            let text = String(name.dropFirst(prefix.count))
            // Nobody could write an item back that has a label without a name.
            if text.isEmpty { continue }
            if !texts.contains(where: { $0.name == text }) { texts.append((text, String(buffer: value))) }
        }
        return texts
    }
}
