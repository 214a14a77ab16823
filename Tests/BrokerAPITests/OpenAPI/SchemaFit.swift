import RecordFormat
import Testing

@testable import BrokerAPI

/// Whether JSON is what the document says, so strictly that an answer may have no field that it does not name.
enum SchemaFit {
    /// Where and how a value differs from its schema; nil when it fits.
    static func misfit(_ value: JSON, _ schema: Schema, at path: String = "$") -> String? {
        func wrong(_ what: String) -> String { "\(path) is not \(what): \(value)" }
        switch (schema, value) {
        case (.anything, _), (.bool, .bool), (.null, .null): return nil
        case (.model(let model), _): return misfit(value, model.schema, at: path)
        case (.bounded(let schema), _): return misfit(value, schema(Limits()), at: path)
        case (.noted(let schema, _, _), _): return misfit(value, schema, at: path)
        case (.integer(let range), .integer(let number)): return range.contains(number) ? nil : wrong("within \(range)")
        case (.choice(let texts), .string(let text)): return texts.contains(text) ? nil : wrong("one of \(texts)")
        case (.text(let pattern, let format, let lengths), .string(let text)):
            return misfit(text, pattern ?? (format == "date-time" ? time : nil), lengths).map { wrong($0) }
        case (.json(let schema), .string(let text)):
            return (try? JSON(text)).map { misfit($0, schema, at: path) } ?? wrong("JSON in a text")
        case (.list(let element, let counts), .array(let values)):
            guard counts.contains(values.count) else { return wrong("of \(counts) elements") }
            return values.enumerated().firstNonNil { misfit($1, element, at: "\(path)[\($0)]") }
        case (.object(let fields, let more), .object(let values)): return misfit(values, fields, more, at: path)
        case (.either(let schemas), _):
            let misfits = schemas.map { misfit(value, $0, at: path) }
            // What differs deepest is the one that was meant.
            return misfits.contains(nil)
                ? nil : misfits.compactMap { $0 }.max { $0.prefix { $0 != " " }.count < $1.prefix { $0 != " " }.count }
        case (.all(let schemas), _): return schemas.firstNonNil { misfit(value, $0, at: path) }
        default: return wrong("a fit for \(schema)")
        }
    }

    private static let time = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z$"

    private static func misfit(_ text: String, _ pattern: String?, _ lengths: ClosedRange<Int>?) -> String? {
        if let lengths, !lengths.contains(text.unicodeScalars.count) { return "as long as \(lengths)" }
        guard let pattern, let regex = try? Regex(pattern) else { return nil }
        return text.firstMatch(of: regex) == nil ? "like \(pattern)" : nil
    }

    private static func misfit(
        _ values: [String: JSON],
        _ fields: [Schema.Field],
        _ more: Schema.More,
        at path: String
    ) -> String? {
        for field in fields {
            guard let value = values[field.name] else {
                if field.isRequired { return "\(path).\(field.name) is missing" }
                continue
            }
            if let misfit = misfit(value, field.schema, at: "\(path).\(field.name)") { return misfit }
        }
        let others = values.filter { name, _ in !fields.contains { $0.name == name } }
        switch more {
        case .some: return nil
        case .like(let schema): return others.firstNonNil { misfit($1, schema, at: "\(path).\($0)") }
        case .later, .nothing: return others.keys.first.map { "\(path).\($0) is not in the document" }
        }
    }
}

extension Sequence {
    /// The first result that is not nil.
    fileprivate func firstNonNil<Value>(_ body: (Element) -> Value?) -> Value? {
        for element in self { if let value = body(element) { return value } }
        return nil
    }
}
