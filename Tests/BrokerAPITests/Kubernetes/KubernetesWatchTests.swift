import HTTPTypes
import Testing

@testable import BrokerAPI

/// Watches of the Kubernetes facade.
@Suite(.timeLimit(.minutes(2))) struct KubernetesWatchTests {
    private static let collection = KubernetesHarness.prices

    private func watch(
        _ test: KubernetesHarness,
        _ query: String,
        accept: String? = nil
    ) async throws -> WatchedCollection {
        var headers: HTTPFields = [:]
        headers[.accept] = accept
        return try await WatchedCollection(
            test.collections,
            "watch=true&\(query)",
            path: Self.collection,
            headers: headers
        )
    }

    @Test func eventsAreObjects() async throws {
        let test = try await KubernetesHarness.start()
        let made = await test.create("a", "1")
        let version = try #require(made.metadata("resourceVersion")?.string)
        var watch = try await watch(test, "resourceVersion=\(version)&timeoutSeconds=300")
        await test.create("b", "2", metadata: #","annotations":{"by":"ann"}"#)
        await test.send(.patch, "a", #"{"value":3}"#, type: "application/merge-patch+json")
        await test.send(.delete, "b")
        let events = try await watch.read(count: 3)
        #expect(events.map(\.text) == ["ADDED b=2", "MODIFIED a=3", "DELETED b=2"])
        for event in events { #expect(event.object["kind"] == .string("Prices"), "\(event.whole)") }
        #expect(events[0].object["metadata"]?["annotations"] == .object(["by": .string("ann")]))
        #expect(events[0].object["metadata"]?["uid"] == events[2].object["metadata"]?["uid"])
        #expect(events[1].object["metadata"]?["uid"] == made.metadata("uid"))
        // The last one's version is that of the deletion.
        #expect(events[2].version == (try await test.collections.version()))
        await watch.close()
    }

    @Test func eventsAreTablesForPeople() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let query = "allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        var watch = try await watch(test, query, accept: KubernetesHarness.table)
        let events = try await watch.read(count: 2)
        #expect(events.map(\.type) == ["ADDED", "BOOKMARK"])
        for event in events { #expect(event.object["kind"] == .string("Table")) }
        #expect(events[0].object["rows"]?[0]?["cells"]?[0] == .string("a"))
        #expect(events[0].object["rows"]?[0]?["object"]?["metadata"]?["name"] == .string("a"))
        let mark = events[1].object["rows"]?[0]?["object"]?["metadata"]
        #expect(mark?["annotations"] == .object(["k8s.io/initial-events-end": .string("true")]))
        #expect(mark?["resourceVersion"] == .string(try await test.collections.version()))
        await watch.close()
    }

    @Test(arguments: ["labelSelector=tier%3Dgold", "fieldSelector=value.bid%3D1,metadata.namespace%3Ddefault"])
    func whoLeavesASelectorIsDeleted(_ selector: String) async throws {
        let test = try await KubernetesHarness.start()
        let gold = #","labels":{"tier":"gold"}"#
        await test.create("a", #"{"bid":1}"#, metadata: gold)
        await test.create("b", #"{"bid":2}"#)
        let list = try await test.send(.get, "?\(selector)").json()
        #expect(list["items"]?.array.map { $0["metadata"]?["name"] } == [.string("a")])
        let version = try #require(list["metadata"]?["resourceVersion"]?.string)
        var watch = try await watch(test, "\(selector)&resourceVersion=\(version)")
        await test.send(.put, "a", KubernetesHarness.object("a", #"{"bid":2}"#))
        await test.send(.put, "b", KubernetesHarness.object("b", #"{"bid":1}"#, metadata: gold))
        let events = try await watch.read(count: 2)
        #expect(events.map { "\($0.type) \($0.name ?? "")" } == ["DELETED a", "ADDED b"])
        await watch.close()
        let other = try await test.send(.get, "?fieldSelector=metadata.namespace!%3Ddefault").json()
        #expect(other["items"]?.array == [])
    }

    @Test func aVersionThatIsGoneIsSaidBeforeTheStreamOrWithinIt() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let version = try #require(Int64(try await test.collections.version()))
        func refusal(_ version: String) async -> Harness.Answer {
            await test.send(.get, "?watch=true&resourceVersion=\(version)")
        }
        #expect(await refusal("1").isStatus(410, "Expired"))
        #expect(await refusal("\(version + 1)").isStatus(504, "Timeout"))
        #expect(await refusal("x").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, "?watch=true&labelSelector=a%20in%20b").isStatus(400, "BadRequest"))
        #expect(await test.send(.get, "?watch=true", accept: "text/event-stream").isStatus(406, "NotAcceptable"))
        var watch = try await watch(test, "resourceVersion=\(version)")
        #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
        let events = try await watch.read(count: 1)
        #expect(events.first?.type == "ERROR")
        let status = try #require(events.first?.object)
        #expect(status["kind"] == .string("Status") && status["apiVersion"] == .string("v1"))
        await watch.close()
    }

    @Test func severalNamespacesAreWatchedEachForItself() async throws {
        let test = try await KubernetesHarness.start()
        await test.create("a", "1")
        let everywhere = "/apis/millrace.dev/v1/prices"
        var watch = try await WatchedCollection(test.collections, "watch=true", path: everywhere)
        #expect(try await watch.read(count: 1).map(\.text) == ["ADDED a=1"])
        await watch.close()
        try await test.topic("namespaces/team/topics/prices")
        let answer = await test.send(.get, "\(everywhere)?watch=true")
        #expect(answer.isStatus(400, "BadRequest") && answer.text.contains("default, team"))
    }

    /// It would else tell nothing of the other namespace, and its client would never know.
    @Test func aWatchOfAllNamespacesEndsWhenAnotherHasTheCollection() async throws {
        let test = try await KubernetesHarness.start()
        let everywhere = "/apis/millrace.dev/v1/prices"
        var watch = try await WatchedCollection(test.collections, "watch=true", path: everywhere)
        await test.create("a", "1")
        #expect(try await watch.read(count: 1).map(\.text) == ["ADDED a=1"])
        try await test.topic("topics/others")
        try await test.topic("namespaces/team/topics/others")
        try await test.topic("namespaces/team/topics/prices", "{}")
        await test.create("b", "2")
        #expect(try await watch.read(count: 2).last?.text == "ADDED b=2")
        try await test.topic("namespaces/zoo/topics/prices")
        await test.create("c", "3")
        let status = try await watch.read(count: 3).last
        #expect(status?.type == "ERROR" && status?.object["code"] == .integer(410), "\(watch.text)")
        #expect(status?.object["reason"] == .string("Expired"))
        await watch.close()

        // A list of two is none of one: who watches from it lists again.
        let list = await test.send(.get, everywhere)
        let version = try #require(list.metadata("resourceVersion")?.string)
        #expect(version.contains("."))
        #expect(await test.api.send(.delete, "/v1/namespaces/zoo/topics/prices").status == 204)
        let query = "?watch=true&resourceVersion=\(version)"
        #expect(await test.send(.get, everywhere + query).isStatus(410, "Expired"))
        #expect(await test.send(.get, everywhere + query + ".x").isStatus(400, "BadRequest"))
    }
}
