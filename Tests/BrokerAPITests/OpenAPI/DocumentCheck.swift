import HTTPTypes
import Testing

@testable import BrokerAPI

/// Holds every answer that a test of the API gets against the OpenAPI document: status, media type, code, and the body.
enum DocumentCheck {
    /// Records an issue where an answer is not what the document says of its route.
    static func check(_ answer: Harness.Answer, of route: Route, _ sourceLocation: SourceLocation) {
        guard let misfit = misfit(answer, of: route) else { return }
        Issue.record(
            "\(route.method) \(route.pattern), \(answer.status): \(misfit)",
            sourceLocation: sourceLocation
        )
    }

    /// How an answer differs from the document; nil when it does not.
    static func misfit(_ answer: Harness.Answer, of route: Route) -> String? {
        // The Kubernetes facade has documents of its own.
        guard let operation = route.operation else { return nil }
        let type = answer.headers[.contentType]
        if type == "application/problem+json" { return problemMisfit(answer, operation, route.method) }
        guard let documented = operation.answers.first(where: { $0.status == answer.status }) else {
            return "the status is not in the document"
        }
        guard let type else { return documented.contents.isEmpty ? nil : "there is no Content-Type" }
        guard let content = documented.contents.first(where: { $0.mediaType == type }) else {
            return "\(type) is not in the document"
        }
        do {
            return try bodyMisfit(answer, type, content.schema)
        } catch {
            return "the body is not JSON: \(error)"
        }
    }

    private static func problemMisfit(
        _ answer: Harness.Answer,
        _ operation: BrokerAPI.Operation,
        _ method: HTTPRequest.Method
    ) -> String? {
        let codes = operation.problems + BrokerAPI.Operation.problems(of: method)
        guard let code = answer.code.flatMap({ ProblemCode(rawValue: $0) }) else { return "the code is unknown" }
        guard codes.contains(code) else { return "the document has no \(code.rawValue) here" }
        guard code.status.code == answer.status else { return "\(code.rawValue) has another status" }
        return (try? answer.json()).flatMap { SchemaFit.misfit($0, .model(.problem)) }
    }

    private static func bodyMisfit(_ answer: Harness.Answer, _ type: String, _ schema: Schema) throws -> String? {
        switch type {
        case "application/json", "application/x-ndjson":
            // The watch of a collection is a line an object in JSON too.
            let isOne = type == "application/json" && !answer.text.contains("}\n")
            for value in isOne ? [try answer.json()] : try answer.lines() {
                if let misfit = SchemaFit.misfit(value, schema) { return misfit }
            }
        case "text/event-stream" where schema.isItemEvents:
            for (name, data) in events(answer.text) {
                let event = JSON.object(["event": .string(name), "data": .string(data)])
                if let misfit = SchemaFit.misfit(event, schema) { return misfit }
            }
        case "text/event-stream":
            for (name, data) in events(answer.text) {
                let line = "{\"type\":\"\(name == "message" ? "record" : name)\"," + data.dropFirst()
                let whole = data == "{}" ? "{\"type\":\"\(name)\"}" : line
                if let misfit = SchemaFit.misfit(try JSON(whole), .model(.event)) { return misfit }
            }
        default: break
        }
        return nil
    }

    /// The names and data of server-sent events.
    private static func events(_ text: String) -> [(String, String)] {
        text.split(separator: "\n\n").compactMap { block in
            let lines = block.split(separator: "\n")
            guard let name = lines.first(where: { $0.hasPrefix("event: ") }),
                let data = lines.first(where: { $0.hasPrefix("data: ") })
            else { return nil }
            return (String(name.dropFirst(7)), String(data.dropFirst(6)))
        }
    }
}

extension Schema {
    /// Whether it is that of a collection's server-sent events.
    fileprivate var isItemEvents: Bool { if case .model(.itemServerSentEvent) = self { true } else { false } }
}
