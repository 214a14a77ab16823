import HTTPTypes
import JSONBytes
import RecordFormat

/// One operation of the OpenAPI document: a route under one of its paths.
struct OperationDocument {
    let route: Route
    let operation: Operation
    let pattern: String
    let idSuffix: String
    let limits: Limits

    private static let contentEncoding = "Content-Encoding"

    /// Writes its fields into an open object.
    func write(to json: inout JSONWriter) {
        json.field("operationId", operation.id + idSuffix)
        json.field("summary", route.summary)
        json.list("tags", [route.resource.rawValue]) { $1.string($0) }
        json.field("x-action", route.action.rawValue)
        json.list("parameters", parameters) { $0.write(to: &$1, limits) }
        if !operation.bodies.isEmpty { json.object("requestBody") { writeBody(to: &$0) } }
        json.object("responses") { writeResponses(to: &$0) }
    }

    // MARK: Parameters

    /// A parameter, and where it stands.
    private struct Placed {
        let place: String
        let parameter: Route.Parameter

        func write(to json: inout JSONWriter, _ limits: Limits) {
            json.beginObject()
            json.field("name", parameter.name)
            json.field("in", place)
            json.field("description", parameter.summary)
            if place == "path" || parameter.isRequired {
                json.key("required")
                json.bool(true)
            }
            json.key("schema")
            parameter.schema.write(to: &json, limits)
            json.endObject()
        }
    }

    private var parameters: [Placed] {
        let names = RoutePattern.segments(of: pattern).compactMap { segment in
            if case .parameter(let name) = segment { String(name) } else { nil }
        }
        return names.map { Placed(place: "path", parameter: Self.pathParameter($0)) }
            + route.parameters.map { Placed(place: "query", parameter: $0) }
            + operation.fields.map { Placed(place: "header", parameter: $0) }
    }

    private static func pathParameter(_ name: String) -> Route.Parameter {
        switch name {
        case "partition": Route.Parameter(name, "The number of the partition.", .partitionIndex)
        case "member": Route.Parameter(name, "The id of the member.", .text(lengths: 1...Int.max))
        default: Route.Parameter(name, "The name of the \(name).", .name)
        }
    }

    // MARK: Bodies

    private func writeBody(to json: inout JSONWriter) {
        let bytesMax = route.bodyBytesMax(limits)
        let isInflated = operation.fields.contains { $0.name == Self.contentEncoding }
        json.field("description", "At most \(bytesMax)\(isInflated ? ", also after inflation" : "").")
        json.key("required")
        json.bool(operation.needsBody)
        json.object("content") { write(operation.bodies, to: &$0) }
    }

    private func write(_ contents: [Operation.Content], to json: inout JSONWriter) {
        for content in contents {
            json.object(content.mediaType) { json in
                json.key("schema")
                content.schema.write(to: &json, limits)
                if let example = content.example { json.field("example", example) }
            }
        }
    }

    // MARK: Answers

    private func writeResponses(to json: inout JSONWriter) {
        let problems = operation.problems + Operation.problems(of: route.method)
        let refusals = Dictionary(grouping: Set(problems), by: \.status.code)
        let isInflated = operation.fields.contains { $0.name == Self.contentEncoding }
        let answers = Dictionary(operation.answers.map { ($0.status, $0) }) { first, _ in first }
        for status in Set(refusals.keys).union(answers.keys).sorted() {
            let codes = (refusals[status] ?? []).map(\.rawValue).sorted()
            let answer = answers[status]
            let reasons = codes.map { "`\($0)`" }.joined(separator: ", ")
            let summary = [answer?.summary, codes.isEmpty ? nil : reasons].compactMap { $0 }.joined(separator: " ")
            json.object("\(status)") { json in
                json.field("description", summary)
                var fields = (answer?.fields ?? []) + Self.fields(of: refusals[status] ?? [])
                if isInflated, refusals[status]?.contains(.unsupportedMediaType) == true {
                    fields.append(.acceptEncoding)
                }
                writeFields(fields, to: &json)
                let contents = (answer?.contents ?? []) + (codes.isEmpty ? [] : [Self.problem(codes, status)])
                if !contents.isEmpty { json.object("content") { write(contents, to: &$0) } }
            }
        }
    }

    /// The problem document of a status, with the codes that it may have.
    private static func problem(_ codes: [String], _ status: Int) -> Operation.Content {
        let status = Int64(status)
        return Operation.Content(
            mediaType: "application/problem+json",
            schema: .all([
                .model(.problem),
                .object([.init("code", .choice(codes)), .init("status", .integer(status...status))], more: .some),
            ])
        )
    }

    /// The fields that go with some refusals.
    private static func fields(of codes: [ProblemCode]) -> [HTTPField.Name] {
        var fields: [HTTPField.Name] = []
        if codes.contains(where: \.isRetryable) { fields.append(.retryAfter) }
        if codes.contains(.upgradeRequired) { fields += [.upgrade, .secWebSocketVersion] }
        if codes.contains(.producerFenced) { fields.append(.producerEpoch) }
        if codes.contains(.producerSequenceGap) { fields += [.producerExpectedSeq, .producerReceivedSeq] }
        return fields
    }

    private func writeFields(_ fields: [HTTPField.Name], to json: inout JSONWriter) {
        guard !fields.isEmpty else { return }
        json.object("headers") { json in
            for field in fields {
                json.object(field.rawName) { json in
                    json.key("schema")
                    Self.schema(of: field).write(to: &json, limits)
                }
            }
        }
    }

    private static func schema(of field: HTTPField.Name) -> Schema {
        switch field {
        case .retryAfter, .groupEpoch, .producerEpoch, .producerSeq, .producerExpectedSeq, .producerReceivedSeq: .count
        default: .string
        }
    }
}
