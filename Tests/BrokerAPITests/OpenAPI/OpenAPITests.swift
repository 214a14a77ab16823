import HTTPTypes
import NIOCore
import Testing

@testable import BrokerAPI

/// The OpenAPI document is the route table, neither more nor less.
@Suite struct OpenAPITests {
    /// The document, read once.
    private static let document = Task {
        let answer = await Harness().send(.get, "/openapi.json")
        #expect(answer.status == 200)
        #expect(answer.headers[.contentType] == "application/json")
        return try answer.json()
    }

    private func document() async throws -> JSON { try await Self.document.value }

    /// The operations of the document by `METHOD path`.
    private func operations(_ document: JSON) throws -> [String: JSON] {
        var found: [String: JSON] = [:]
        for (path, methods) in try #require(document["paths"]?.fields) {
            for (method, operation) in methods.fields ?? [:] { found["\(method.uppercased()) \(path)"] = operation }
        }
        return found
    }

    private typealias Documented = (key: String, pattern: String, route: Route, operation: BrokerAPI.Operation)

    /// The routes of the table, each under its one or two paths, but for those that are documented elsewhere.
    private var routes: [Documented] {
        API.routes.routes.flatMap { route in
            [route.pattern, OpenAPIDocument.namespaced(route.pattern)].compactMap { pattern in
                guard let pattern, let operation = route.operation else { return nil }
                return ("\(route.method.rawValue) \(pattern)", pattern, route, operation)
            }
        }
    }

    @Test func onlyTheKubernetesFacadeIsDocumentedElsewhere() {
        for route in API.routes.routes {
            #expect((route.operation == nil) == KubernetesFacade.owns(route.pattern), "\(route.pattern)")
        }
    }

    @Test func operationsAreTheRoutes() async throws {
        #expect(Set(try operations(try await document()).keys) == Set(routes.map(\.key)))
    }

    @Test func parametersAreThoseOfTheRoutes() async throws {
        let operations = try operations(try await document())
        for (key, pattern, route, operation) in routes {
            let listed = operations[key]?["parameters"]?.array ?? []
            func names(_ place: String) -> Set<String> {
                Set(listed.filter { $0["in"]?.string == place }.compactMap { $0["name"]?.string })
            }
            let braces = pattern.matches(of: /\{([a-z]+)\}/).map { String($0.output.1) }
            #expect(names("path") == Set(braces), "\(key)")
            #expect(names("query") == Set(route.parameters.map(\.name)), "\(key)")
            #expect(names("header") == Set(operation.fields.map(\.name)), "\(key)")
            #expect(listed.count == braces.count + route.parameters.count + operation.fields.count, "\(key)")
        }
    }

    @Test func codesAreThoseOfTheRoutesAndNoneIsLeftOut() async throws {
        let operations = try operations(try await document())
        var all: Set<String> = []
        for (key, _, route, operation) in routes {
            let declared = Set((operation.problems + Operation.problems(of: route.method)).map(\.rawValue))
            var listed: Set<String> = []
            for (status, answer) in operations[key]?["responses"]?.fields ?? [:] {
                let schema = answer["content"]?["application/problem+json"]?["schema"]
                let codes = schema?["allOf"]?[1]?["properties"]?["code"]?["enum"]?.array.compactMap(\.string) ?? []
                for code in codes {
                    #expect(ProblemCode(rawValue: code).map { "\($0.status.code)" } == status, "\(key) \(code)")
                }
                listed.formUnion(codes)
            }
            #expect(listed == declared, "\(key)")
            all.formUnion(listed)
        }
        let missing = Set(ProblemCode.allCases.map(\.rawValue)).subtracting(all)
        #expect(missing == Set(Operation.codesOfNoOperation.map(\.rawValue)))
    }

    @Test func refusalsTellTheFieldsThatGoWithThem() async throws {
        let operations = try operations(try await document())
        func fields(_ operation: String, _ status: String) -> Set<String> {
            Set((operations[operation]?["responses"]?[status]?["headers"]?.fields ?? [:]).keys)
        }
        #expect(fields("POST /v1/topics/{topic}/records", "415") == ["Accept-Encoding"])
        #expect(fields("PATCH /v1/collections/{collection}/{key}", "415") == [])
        #expect(fields("GET /v1/topics", "426") == ["Upgrade", "Sec-WebSocket-Version"])
    }

    @Test func namesAreUniqueAndEveryReferenceLeadsSomewhere() async throws {
        let document = try await document()
        #expect(document["openapi"]?.string == "3.1.0")
        let ids = try operations(document).values.compactMap { $0["operationId"]?.string }
        #expect(ids.count == routes.count)
        #expect(Set(ids).count == ids.count)
        let names = try #require(document["components"]?["schemas"]?.fields?.keys)
        #expect(references(in: document) == Set(names.map { "#/components/schemas/\($0)" }))
    }

    /// Everything that stands as `$ref`.
    private func references(in value: JSON) -> Set<String> {
        switch value {
        case .array(let elements): elements.reduce(into: []) { $0.formUnion(references(in: $1)) }
        case .object(let fields):
            fields.reduce(into: []) { found, field in
                if field.key == "$ref", let text = field.value.string { found.insert(text) }
                found.formUnion(references(in: field.value))
            }
        default: []
        }
    }

    @Test func boundsAreThoseInForce() async throws {
        let harness = Harness { limits in
            limits.requestBodyBytesMax = .mebibytes(3)
            limits.partitionsPerTopicMax = 77
            limits.maxInFlightRecordsMax = 1234
        }
        let document = try await harness.send(.get, "/openapi.json").json()
        let settings = document["components"]?["schemas"]?["TopicSettings"]?["properties"]
        #expect(settings?["partitions"]?["anyOf"]?[0]?["maximum"] == .integer(77))
        let operations = try operations(document)
        let body = operations["POST /v1/topics/{topic}/records"]?["requestBody"]
        #expect(body?["description"]?.string?.contains("3 MiB") == true, "\(body as Any)")
        let parameters = operations["GET /v1/groups/{group}/stream"]?["parameters"]?.array ?? []
        let most = parameters.first { $0["name"] == .string("maxInFlight") }?["schema"]?["maximum"]
        #expect(most == .integer(1234))
    }

    @Test func everyParameterSaysWhatItMeans() {
        for (key, _, route, operation) in routes {
            for parameter in route.parameters + operation.fields {
                #expect(parameter.summary.hasSuffix("."), "\(key) \(parameter.name)")
            }
        }
    }

    /// The check of answers itself fails where it should.
    @Test func anAnswerThatDoesNotFitIsNoticed() throws {
        let topics = try #require(API.routes.routes.first { $0.pattern == "/v1/topics" })
        func misfit(_ text: String, _ status: Int = 200, type: String = "application/json") -> String? {
            DocumentCheck.misfit(
                Harness.Answer(status: status, headers: [.contentType: type], text: text),
                of: topics
            )
        }
        #expect(misfit(#"{"topics":[]}"#) == nil)
        #expect(misfit(#"{"topics":[{}]}"#) == "$.topics[0].topic is missing")
        #expect(misfit(#"{"topics":[],"more":1}"#) == "$.more is not in the document")
        #expect(misfit(#"{"topics":{}}"#) != nil)
        #expect(misfit("{}", 201) == "the status is not in the document")
        #expect(misfit("{}", type: "text/plain") == "text/plain is not in the document")
        let problem = #"{"code":"fenced"}"#
        #expect(misfit(problem, 409, type: "application/problem+json") == "the document has no fenced here")
    }

    @Test func aRecordsWireFormFitsItsSchema() throws {
        let record =
            #"{"topic":"t","partition":0,"offset":1,"timestamp":"2026-11-21T10:00:00.120Z","key":null,"#
            + #""headers":{"a":["x",{"base64":"AA=="},null]},"valueBase64":"AA=="}"#
        #expect(SchemaFit.misfit(try JSON(record), .model(.record)) == nil)
        let wrong = record.replacing("\"AA==\"}", with: "\"A\"}")
        #expect(SchemaFit.misfit(try JSON(wrong), .model(.record)) != nil)
    }
}
