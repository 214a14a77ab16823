import HTTPTypes
import Testing

@testable import BrokerAPI

/// Namespaces that have not the collection, and one of all that is asked for.
@Suite(.timeLimit(.minutes(2))) struct KubernetesNamespaceTests {
    private static let everywhere = "/apis/millrace.dev/v1/prices"
    private static let team = "/apis/millrace.dev/v1/namespaces/team/prices"

    private static func version(_ answer: Harness.Answer) throws -> String {
        #expect(answer.status == 200, "\(answer.text)")
        return try #require(answer.metadata("resourceVersion")?.string)
    }

    @Test func aNamespaceWithoutTheCollectionHasNoObjects() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let list = await test.send(.get, Self.team + "?limit=500")
        #expect(try Self.version(list) == "1")
        #expect(try list.json()["items"] == .array([]) && list.json()["kind"] == .string("PricesList"))
        let table = try await test.send(.get, Self.team, accept: KubernetesHarness.table).json()
        #expect(table["rows"] == .array([]) && table["columnDefinitions"]?.array.count == 3)
        #expect(await test.send(.get, Self.team + "?resourceVersion=1&resourceVersionMatch=Exact").status == 200)
        #expect(await test.send(.get, Self.team + "?labelSelector=a%20in%20b").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, Self.team + "?continue=x").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, Self.team + "?resourceVersion=x").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, Self.team + "/a").isStatus(404, "NotFound"))
        let made = await test.send(.post, Self.team, KubernetesHarness.object("a", "1"))
        #expect(made.isStatus(404, "NotFound") && made.text.contains("PUT /v1/namespaces/team"))
        // What is there and cannot be served is not nothing.
        try await test.topic("namespaces/team/topics/prices", #"{"cleanup":"compact","partitions":2}"#)
        #expect(await test.send(.get, Self.team).isStatus(404, "NotFound"))
    }

    @Test(arguments: ["", "?fieldSelector=metadata.namespace%3Dteam"])
    func aWatchWhereNothingIsEndsWhenThereIsSomething(selector: String) async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let path = selector.isEmpty ? Self.team : Self.everywhere
        let version = try Self.version(await test.send(.get, path + selector))
        let query = "\(selector.dropFirst())&watch=1&allowWatchBookmarks=1&resourceVersion=\(version)"
        let initial = "&sendInitialEvents=1&resourceVersionMatch=NotOlderThan"
        var watch = try await WatchedCollection(test.collections, query + initial, path: path)
        let first = try await watch.read(count: 1)
        let mark = first.first?.object["metadata"]
        #expect(first.map(\.type) == ["BOOKMARK"] && mark?["resourceVersion"] == .string("1"), "\(watch.text)")
        #expect(mark?["annotations"] == .object(["k8s.io/initial-events-end": .string("true")]))
        // Topics that have nothing to do with it leave it as it is.
        try await test.topic("namespaces/zoo/topics/others")
        try await test.topic("namespaces/team/topics/prices")
        let events = try await watch.read(count: 2)
        #expect(events.map(\.type) == ["BOOKMARK", "ERROR"], "\(watch.text)")
        #expect(events.last?.object["reason"] == .string("Expired"))
        await watch.close()
        #expect(await test.send(.get, "\(path)?\(query)").isStatus(410, "Expired"))
        #expect(try Self.version(await test.send(.get, path + selector)) != "1")
    }

    @Test func aVersionOfACollectionThatIsGoneIsNoneOfNothing() async throws {
        let test = try await KubernetesHarness.start()
        try await test.topic("namespaces/team/topics/prices")
        let version = try Self.version(await test.send(.get, Self.team))
        #expect(await test.api.send(.delete, "/v1/namespaces/team/topics/prices").status == 204)
        let watch = "\(Self.team)?watch=true&resourceVersion="
        #expect(await test.send(.get, watch + version).isStatus(410, "Expired"))
        #expect(await test.send(.get, watch + "x").isStatus(400, "BadRequest"))
    }

    @Test func oneNamespaceOfAllIsWatchedAlone() async throws {
        let test = try await KubernetesHarness.start()
        try await test.topic("namespaces/team/topics/prices")
        let selector = "fieldSelector=metadata.namespace%3Dteam"
        let version = try Self.version(await test.send(.get, "\(Self.everywhere)?\(selector)"))
        #expect(!version.contains("."))
        var watch = try await WatchedCollection(
            test.collections,
            "watch=true&\(selector)&resourceVersion=\(version)",
            path: Self.everywhere
        )
        await test.create("other", "1")
        await test.send(.post, Self.team, KubernetesHarness.object("a", "2"))
        #expect(try await watch.read(count: 1).map(\.text) == ["ADDED a=2"])
        // Of what it does not want there may be more.
        try await test.topic("namespaces/zoo/topics/prices")
        await test.send(.post, Self.team, KubernetesHarness.object("b", "3"))
        #expect(try await watch.read(count: 2).map(\.text) == ["ADDED a=2", "ADDED b=3"])
        await watch.close()
        let others = "\(Self.everywhere)?watch=true&fieldSelector=metadata.namespace!%3Dteam"
        #expect(await test.send(.get, others).isStatus(400, "BadRequest"))
    }

    @Test func truthIsSpelledAsInKubernetes() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        for spelling in ["watch", "watch=", "watch=t", "watch=yes", "watch=TRUE"] {
            var watch = try await WatchedCollection(test.collections, spelling, path: KubernetesHarness.prices)
            #expect(try await watch.read(count: 1).map(\.text) == ["ADDED a=1"], "\(spelling)")
            await watch.close()
        }
        for spelling in ["watch=0", "watch=False"] {
            #expect(try await test.send(.get, "?\(spelling)").json()["kind"] == .string("PricesList"), "\(spelling)")
        }
    }

    @Test func anObjectIsOfTheVersionThatIsAskedForOrLater() async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("a", "1")
        let version = try #require(made.metadata("resourceVersion")?.string.flatMap { Int64($0) })
        for text in ["", "0", "1", "\(version)"] {
            #expect(await test.send(.get, "a?resourceVersion=\(text)").text == made.text, "\(text)")
        }
        #expect(await test.send(.get, "a?resourceVersion=x").isStatus(400, "BadRequest"))
        let early = await test.send(.get, "a?resourceVersion=\(version + 1)")
        #expect(early.isStatus(504, "Timeout"))
        #expect(try early.json()["details"]?["causes"]?[0]?["reason"] == .string("ResourceVersionTooLarge"))
    }

    @Test func aLabelWithoutANameIsNone() async throws {
        let test = try await KubernetesHarness.start()
        let record = #"{"key":"a","value":1,"headers":{"label.":"x","annotation.":"y","label.l":"1"}}"#
        #expect(await test.api.produce("prices", record).status == 200)
        let object = await test.send(.get, "a")
        #expect(object.metadata("labels") == .object(["l": .string("1")]) && object.metadata("annotations") == nil)
        let patch = #"{"metadata":{"labels":{"m":"2"}}}"#
        let patched = await test.send(.patch, "a", patch, type: "application/merge-patch+json")
        #expect(patched.metadata("labels") == .object(["l": .string("1"), "m": .string("2")]), "\(patched.text)")
    }
}
