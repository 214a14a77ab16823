import JSONBytes
import NIOCore
import RecordFormat

/// A JSON Schema (2020-12, which OpenAPI 3.1 uses), as far as this API needs it.
indirect enum Schema: Sendable {
    /// A field of an object.
    struct Field: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        /// A field that is always there.
        init(_ name: String, _ schema: Schema) {
            (self.name, self.schema, isRequired) = (name, schema, true)
        }

        /// A field that may be left out.
        static func optional(_ name: String, _ schema: Schema) -> Field {
            Field(name: name, schema: schema, isRequired: false)
        }

        private init(name: String, schema: Schema, isRequired: Bool) {
            (self.name, self.schema, self.isRequired) = (name, schema, isRequired)
        }
    }

    /// What an object may have beyond its fields.
    enum More: Sendable {
        /// Nothing: another field is refused.
        case nothing
        /// What later versions add.
        case later
        /// More, already in this version.
        case some
        /// Whatever is like this.
        case like(Schema)
    }

    /// Any JSON value.
    case anything
    /// A schema that stands under its name in the document.
    case model(Model)
    /// `true` or `false`.
    case bool
    /// A whole number.
    case integer(ClosedRange<Int64>)
    /// A text.
    case text(pattern: String? = nil, format: String? = nil, lengths: ClosedRange<Int>? = nil)
    /// One of some texts.
    case choice([String])
    /// An array.
    case list(Schema, counts: ClosedRange<Int> = 0...Int.max)
    /// A text that is JSON.
    case json(Schema)
    /// An object.
    case object([Field], more: More = .later)
    /// What fits one of these.
    case either([Schema])
    /// What fits all of these.
    case all([Schema])
    /// `null`.
    case null
    /// A schema that depends on the bounds in force.
    case bounded(@Sendable (Limits) -> Schema)
    /// A schema with what is taken when nothing is given, and an example, each as JSON.
    case noted(Schema, byDefault: String? = nil, example: String? = nil)

    /// A text without bounds.
    static let string = Schema.text()
    /// A number from 0, as offsets are.
    static let count = Schema.integer(0...Int64.max)
    /// A number of any sign.
    static let anyInteger = Schema.integer(Int64.min...Int64.max)
    /// RFC 3339 in UTC.
    static let time = Schema.text(format: "date-time")

    /// The schema, or null.
    static func nullable(_ schema: Schema) -> Schema { .either([schema, .null]) }

    /// Writes it as the next value.
    func write(to json: inout JSONWriter, _ limits: Limits) {
        json.beginObject()
        writeKeywords(to: &json, limits)
        json.endObject()
    }

    /// Writes its keywords into an open object.
    private func writeKeywords(to json: inout JSONWriter, _ limits: Limits) {
        switch self {
        case .anything: break
        case .model(let model): json.field("$ref", "#/components/schemas/\(model.name)")
        case .bool: json.field("type", "boolean")
        case .null: json.field("type", "null")
        case .integer(let range):
            json.field("type", "integer")
            if range.lowerBound > .min { json.field("minimum", range.lowerBound) }
            if range.upperBound < .max { json.field("maximum", range.upperBound) }
        case .text(let pattern, let format, let lengths):
            json.field("type", "string")
            if let pattern { json.field("pattern", pattern) }
            if let format { json.field("format", format) }
            if let lengths, lengths.lowerBound > 0 { json.field("minLength", Int64(lengths.lowerBound)) }
            if let lengths, lengths.upperBound < .max { json.field("maxLength", Int64(lengths.upperBound)) }
        case .choice(let texts):
            json.field("type", "string")
            json.list("enum", texts) { $1.string($0) }
        case .list(let element, let counts):
            json.field("type", "array")
            json.key("items")
            element.write(to: &json, limits)
            if counts.lowerBound > 0 { json.field("minItems", Int64(counts.lowerBound)) }
            if counts.upperBound < .max { json.field("maxItems", Int64(counts.upperBound)) }
        case .json(let schema):
            json.field("type", "string")
            json.field("contentMediaType", "application/json")
            json.key("contentSchema")
            schema.write(to: &json, limits)
        case .object(let fields, let more): Self.write(fields, more, to: &json, limits)
        case .either(let schemas): json.list("anyOf", schemas) { $0.write(to: &$1, limits) }
        case .all(let schemas): json.list("allOf", schemas) { $0.write(to: &$1, limits) }
        case .bounded(let schema): schema(limits).writeKeywords(to: &json, limits)
        case .noted(let schema, let byDefault, let example):
            schema.writeKeywords(to: &json, limits)
            if let byDefault { json.raw("default", byDefault) }
            if let example { json.list("examples", [example]) { $1.raw(.init(string: $0)) } }
        }
    }

    private static func write(_ fields: [Field], _ more: More, to json: inout JSONWriter, _ limits: Limits) {
        json.field("type", "object")
        if !fields.isEmpty {
            json.object("properties") { json in
                for field in fields {
                    json.key(field.name)
                    field.schema.write(to: &json, limits)
                }
            }
        }
        let required = fields.filter(\.isRequired)
        if !required.isEmpty { json.list("required", required) { $1.string($0.name) } }
        switch more {
        case .later: break
        case .nothing, .some:
            json.key("additionalProperties")
            if case .some = more { json.bool(true) } else { json.bool(false) }
        case .like(let schema):
            json.key("additionalProperties")
            schema.write(to: &json, limits)
        }
    }
}
