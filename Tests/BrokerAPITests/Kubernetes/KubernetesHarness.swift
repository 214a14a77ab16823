import HTTPTypes
import Testing

@testable import BrokerAPI

/// The Kubernetes facade of a whole broker in memory with the collection `prices`.
struct KubernetesHarness {
    let collections: CollectionHarness
    var api: Harness { collections.api }

    static let prices = "/apis/millrace.dev/v1/namespaces/default/prices"
    static let table = "application/json;as=Table;v=v1;g=meta.k8s.io"

    static func start() async throws -> KubernetesHarness {
        KubernetesHarness(collections: try await CollectionHarness.start())
    }

    /// Sends a request about the objects of `prices`, or about another path that begins with a slash.
    @discardableResult
    func send(
        _ method: HTTPRequest.Method,
        _ target: String,
        _ body: String = "",
        type: String? = nil,
        accept: String? = nil
    ) async -> Harness.Answer {
        let target = target.hasPrefix("/") ? target : "\(Self.prices)\(target.hasPrefix("?") ? "" : "/")\(target)"
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        return await api.send(method, target, body, type: type, headers: headers)
    }

    /// Makes an object of `prices`.
    @discardableResult
    func create(_ name: String, _ value: String, query: String = "", metadata: String = "") async -> Harness.Answer {
        await send(.post, Self.prices + query, Self.object(name, value, metadata: metadata), type: "application/json")
    }

    static func object(_ name: String, _ value: String, metadata: String = "") -> String {
        #"{"apiVersion":"millrace.dev/v1","kind":"Prices","metadata":{"name":"\#(name)"\#(metadata)},"value":\#(value)}"#
    }

    func topic(_ path: String, _ settings: String = #"{"cleanup":"compact"}"#) async throws {
        try #require(await api.send(.put, "/v1/\(path)", settings).status == 201)
    }
}

extension Harness.Answer {
    /// Whether it is a refusal as Kubernetes writes it.
    func isStatus(_ code: Int, _ reason: String) -> Bool {
        guard let json = try? json(), status == code, headers[.contentType] == "application/json" else { return false }
        return json["kind"] == .string("Status") && json["apiVersion"] == .string("v1")
            && json["reason"] == .string(reason)
            && json["code"] == .integer(Int64(code)) && json["status"] == .string("Failure")
            && json["message"]?.string?.isEmpty == false
    }

    func metadata(_ name: String) -> JSON? { (try? json())?["metadata"]?[name] }
}
