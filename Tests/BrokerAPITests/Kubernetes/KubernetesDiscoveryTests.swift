import HTTPTypes
import Testing

@testable import BrokerAPI

/// What Kubernetes' clients ask before anything else.
@Suite(.timeLimit(.minutes(2))) struct KubernetesDiscoveryTests {
    @Test func resourcesAreTheCollectionsThatCanBeOnes() async throws {
        let test = try await KubernetesHarness.start()
        try await test.topic("topics/orders", "{}")
        try await test.topic("topics/order-status")
        try await test.topic("topics/Upper")
        try await test.topic("topics/wide", #"{"cleanup":"compact","partitions":2}"#)
        try await test.topic("namespaces/team/topics/prices")
        try await test.topic("namespaces/team/topics/trades")
        let list = try await test.send(.get, "/apis/millrace.dev/v1").json()
        #expect(list["kind"] == .string("APIResourceList") && list["groupVersion"] == .string("millrace.dev/v1"))
        let found = list["resources"]?.array.map { "\($0["name"]?.string ?? "") \($0["kind"]?.string ?? "")" }
        #expect(found == ["order-status OrderStatus", "prices Prices", "trades Trades"])
        #expect(list["resources"]?[0]?["verbs"]?.array.contains(.string("watch")) == true)
        #expect(list["resources"]?[0]?["namespaced"] == .bool(true))
    }

    @Test(arguments: ["/apis", "/apis/", "/api", "/api/", "/version", "/version/", "/apis/millrace.dev"])
    func everyQuestionHasItsAnswer(_ target: String) async throws {
        let answer = await Harness().send(.get, target + "?timeout=32s")
        #expect(answer.status == 200 && answer.headers[.contentType] == "application/json")
        let json = try answer.json()
        switch target.split(separator: "/") {
        case ["apis"]: #expect(json["groups"]?[0]?["name"] == .string("millrace.dev"))
        case ["api"]: #expect(json["versions"] == .array([.string("v1")]))
        case ["version"]: #expect(json["gitVersion"]?.string?.contains("+millrace.\(API.version)") == true)
        default: #expect(json["preferredVersion"]?["version"] == .string("v1"))
        }
    }

    /// Without the core group the kind `List` is unknown, in which `kubectl` writes several objects and takes them back.
    @Test func theCoreGroupHasNamespacesAlone() async throws {
        let test = try await KubernetesHarness.start()
        try await test.topic("namespaces/team/topics/prices")
        let resources = try await test.send(.get, "/api/v1?timeout=32s").json()
        #expect(resources["kind"] == .string("APIResourceList") && resources["groupVersion"] == .string("v1"))
        let names = resources["resources"]?.array.map { $0["name"] }
        #expect(names == [.string("namespaces")] && resources["resources"]?[0]?["namespaced"] == .bool(false))
        let list = try await test.send(.get, "/api/v1/namespaces?limit=500", accept: "\(KubernetesHarness.table),*/*")
            .json()
        #expect(list["kind"] == .string("NamespaceList"))
        let found = list["items"]?.array.map { $0["metadata"]?["name"] }
        #expect(found == [.string("default"), .string("team")])
        let one = try await test.send(.get, "/api/v1/namespaces/team").json()
        #expect(one["kind"] == .string("Namespace") && one["status"]?["phase"] == .string("Active"))
        #expect(await test.send(.get, "/api/v1/namespaces/none").isStatus(404, "NotFound"))
        #expect(await test.send(.get, "/api/v1/namespaces?watch=true").isStatus(400, "BadRequest"))
        #expect(await test.send(.post, "/api/v1/namespaces", "{}").isStatus(405, "MethodNotAllowed"))
        #expect(await test.send(.get, "/api/v1/namespaces/team/pods").isStatus(404, "NotFound"))
    }

    @Test func theSchemasAreThoseOfTheResources() async throws {
        let test = try await KubernetesHarness.start()
        let paths = try await test.send(.get, "/openapi/v3").json()["paths"]
        let place = try #require(paths?["apis/millrace.dev/v1"]?["serverRelativeURL"]?.string)
        let document = try await test.send(.get, place).json()
        let path = "/apis/millrace.dev/v1/namespaces/{namespace}/prices/{name}"
        let patch = try #require(document["paths"]?[path]?["patch"])
        #expect(patch["x-kubernetes-group-version-kind"]?["kind"] == .string("Prices"))
        #expect(patch["parameters"]?.array.contains { $0["name"] == .string("fieldValidation") } == true)
        #expect(patch["requestBody"]?["content"]?.fields?.keys.sorted() == ItemPatch.mediaTypes.sorted())
        #expect(document["components"]?["schemas"]?["dev.millrace.v1.Prices"]?["properties"]?["value"] != nil)
        try await test.topic("topics/trades")
        #expect(try await test.send(.get, "/openapi/v3").json()["paths"] != paths)
    }

    /// The bytes are those of protobuf: fields 1, 2 and 8, each with its length.
    @Test func versionTwoComesInProtobuf() async throws {
        let type = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
        let answer = await Harness().send(.get, "/openapi/v2", headers: [.accept: type])
        #expect(answer.headers[.contentType] == type.replacing("@", with: "."))
        let version = API.version
        let information = "\n\u{8}Millrace\u{12}\(Character(UnicodeScalar(UInt8(version.utf8.count))))\(version)"
        let length = Character(UnicodeScalar(UInt8(information.utf8.count)))
        #expect(answer.text == "\n\u{3}2.0\u{12}\(length)\(information)B\u{0}")
        #expect(try await Harness().send(.get, "/openapi/v2").json()["swagger"] == .string("2.0"))
        #expect(
            await Harness().send(.get, "/openapi/v2", headers: [.accept: "text/html"]).isStatus(406, "NotAcceptable")
        )
    }

    @Test func noTwoCollectionsHaveTheSameKind() {
        let alphabet = ["a", "b", "1", "-"]
        var names = [""]
        var kinds: [String: String] = [:]
        for _ in 0..<6 {
            names = names.flatMap { name in alphabet.map { name + $0 } }
            for name in names where KubernetesNames.isResource(name) {
                let former = kinds.updateValue(name, forKey: KubernetesNames.kind(of: name))
                #expect(former == nil, "\(name) and \(former ?? "")")
            }
        }
        #expect(kinds.count > 1000)
        #expect(KubernetesNames.kind(of: "order-status-2") == "OrderStatus-2")
    }

    @Test(arguments: ["", "-a", "a-", "1a", "A", "a.b", "a_b", String(repeating: "a", count: 64)])
    func otherNamesAreNoResources(_ name: String) {
        #expect(!KubernetesNames.isResource(name))
    }
}
