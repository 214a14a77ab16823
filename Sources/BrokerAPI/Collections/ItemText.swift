import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Items as JSON.
///
///     {"metadata":{"name":"AAPL","resourceVersion":"18270","labels":{"tier":"gold"},
///                  "creationTimestamp":"2026-11-21T10:00:00.120Z"},"value":{...}}
///
/// A key that is not UTF-8 comes as `nameBase64`, a value that is not JSON as `valueBase64`. Labels are the record's
/// headers whose names begin with `label.`.
struct ItemText {
    /// What the headers of labels begin with.
    static let labelPrefix = "label."

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
        switch value {
        case .json(let value):
            json.key("value")
            json.raw(value)
        case .bytes(let value):
            json.key("valueBase64")
            json.base64(value)
        case nil: break
        }
        json.endObject()
    }

    /// Writes an item's metadata as a field of an open object.
    func writeMetadata(_ item: CollectionItem, version: String, to json: inout JSONWriter) {
        json.key("metadata")
        json.beginObject()
        writeName(item.record.key ?? ByteBuffer(), to: &json)
        json.key("resourceVersion")
        json.string(version)
        writeLabels(item.record.headers, to: &json)
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

    private func writeLabels(_ headers: [RecordHeader], to json: inout JSONWriter) {
        let labels = Self.labels(headers)
        guard !labels.isEmpty else { return }
        json.key("labels")
        json.beginObject()
        for label in labels {
            json.key(label.name)
            json.string(label.value)
        }
        json.endObject()
    }

    /// The labels among headers, each name once: the first counts.
    static func labels(_ headers: [RecordHeader]) -> [(name: String, value: String)] {
        var labels: [(name: String, value: String)] = []
        for header in headers {
            let name = String(buffer: header.name)
            guard name.hasPrefix(labelPrefix), let value = header.value else { continue }
            let label = String(name.dropFirst(labelPrefix.count))
            if !labels.contains(where: { $0.name == label }) { labels.append((label, String(buffer: value))) }
        }
        return labels
    }
}
