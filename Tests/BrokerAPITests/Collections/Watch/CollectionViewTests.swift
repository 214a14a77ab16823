import HTTPTypes
import Testing

@testable import BrokerAPI

/// Parts of collections: selectors, projections, patches, and the version before.
@Suite(.timeLimit(.minutes(2))) struct CollectionViewTests {
    private func put(_ test: CollectionHarness, _ key: String, _ value: String, tier: String? = nil) async {
        let labels = tier.map { #","metadata":{"labels":{"tier":"\#($0)"}}"# } ?? ""
        await test.item(.put, key, #"{"value":\#(value)\#(labels)}"#)
    }

    @Test(arguments: [
        "labelSelector=tier%3Dgold", "fieldSelector=value.n%3D1", "labelSelector=tier&fieldSelector=value.n%3D1",
    ])
    func anItemThatLeavesASelectorIsDeletedAndOneThatEntersIsAdded(_ selector: String) async throws {
        let test = try await CollectionHarness.start()
        let gold = #"{"n":1,"m":1}"#
        await put(test, "a", gold, tier: "gold")
        await put(test, "b", #"{"n":2}"#)
        let list = try await test.api.send(.get, "/v1/collections/prices?\(selector)").json()
        #expect(list["items"]?.array.compactMap { $0["metadata"]?["name"]?.string } == ["a"])
        var watch = try await WatchedCollection(test, "watch=true&allowWatchBookmarks=false&\(selector)")
        await put(test, "a", #"{"n":1,"m":2}"#, tier: "gold")
        await put(test, "b", #"{"n":3}"#)
        await put(test, "a", #"{"n":2}"#)
        let left = try await test.version()
        await put(test, "a", #"{"n":4}"#)
        await put(test, "b", gold, tier: "gold")
        await test.item(.delete, "a")
        await test.item(.delete, "b")
        let events = try await watch.read(count: 5)
        #expect(
            events.map { "\($0.type) \($0.name ?? "")" } == [
                "ADDED a", "MODIFIED a", "DELETED a", "ADDED b", "DELETED b",
            ]
        )
        // The last state that was wanted, under the version that ended it.
        #expect(events[2].object["value"]?["m"] == .integer(2) && events[2].version == left)
        #expect(events[2].object["metadata"]?["labels"]?["tier"] == .string("gold"))
        #expect(events[4].object["value"]?["n"] == .integer(1))
        #expect(events[4].version == (try await test.version()))
        await watch.close()
    }

    @Test func aPageWithASelectorGoesOnUntilItIsFull() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<30 { await put(test, "k\(number)", "{\"n\":\(number % 3)}") }
        var names: [String] = []
        var (place, pages) = ("", 0)
        repeat {
            let query = "limit=4&fieldSelector=value.n%3D0&fields=/n\(place)"
            let page = try await test.api.send(.get, "/v1/collections/prices?\(query)").json()
            let items = page["items"]?.array ?? []
            #expect(items.count <= 4 && items.allSatisfy { $0["value"] == .object(["n": .integer(0)]) })
            names += items.compactMap { $0["metadata"]?["name"]?.string }
            place = page["metadata"]?["continue"]?.string.map { "&continue=\($0)" } ?? ""
            pages += 1
        } while !place.isEmpty && pages < 20
        #expect(names == stride(from: 0, to: 30, by: 3).map { "k\($0)" })
        #expect(pages == 3)
    }

    @Test func changesComeAsPatchesThatNameTheVersionBefore() async throws {
        let test = try await CollectionHarness.start()
        await put(test, "a", #"{"list":[1,2,3],"name":"a long name that stays","n":1}"#)
        let first = try await test.version()
        var watch = try await WatchedCollection(
            test,
            "watch=true&allowWatchBookmarks=false&as=patch&resourceVersion=\(first)"
        )
        await put(test, "a", #"{"list":[1,2],"name":"a long name that stays","n":1}"#, tier: "gold")
        await put(test, "a", #"{"list":[1,2],"name":"a long name that stays","n":1}"#)
        await put(test, "a", "5")
        await put(test, "b", "6")
        let events = try await watch.read(count: 4)
        #expect(events.map(\.type) == ["MODIFIED", "MODIFIED", "MODIFIED", "ADDED"])
        #expect(events[0].object["previousResourceVersion"] == .string(first))
        #expect(events[0].object["patch"] == (try JSON(#"[{"op":"remove","path":"/list/2"}]"#)))
        #expect(events[0].object["metadata"]?["labels"] == .object(["tier": .string("gold")]))
        #expect(events[0].object["value"] == nil)
        #expect(events[1].object["patch"] == .array([]))
        #expect(events[1].object["previousResourceVersion"]?.string == events[0].version)
        // A patch that is not smaller is not sent.
        #expect(events[2].object["value"] == .integer(5) && events[2].object["patch"] == nil)
        #expect(events[3].object["value"] == .integer(6))
        await watch.close()
    }

    @Test func theVersionBeforeComesAlong() async throws {
        let test = try await CollectionHarness.start()
        var watch = try await WatchedCollection(test, "watch=true&allowWatchBookmarks=false&prev=true&fields=/n")
        await put(test, "a", #"{"n":1,"m":1}"#)
        let first = try await test.version()
        await put(test, "a", #"{"n":2,"m":1}"#)
        await test.item(.delete, "a")
        let events = try await watch.read(count: 3)
        #expect(events[0].whole["prev"] == nil)
        #expect(events[1].object["value"] == .object(["n": .integer(2)]))
        #expect(events[1].whole["prev"]?["value"] == .object(["n": .integer(1)]))
        #expect(events[1].whole["prev"]?["metadata"]?["resourceVersion"] == .string(first))
        #expect(events[2].type == "DELETED" && events[2].whole["prev"]?["value"] == .object(["n": .integer(2)]))
        await watch.close()
    }

    @Test func valuesThatAreNoJSONAreWatchedToo() async throws {
        let test = try await CollectionHarness.start()
        var watch = try await WatchedCollection(test, "watch=true&allowWatchBookmarks=false&as=patch&fields=/n")
        for text in ["no JSON", " {\"n\":\n 1, \"m\": 2} ", "no"] {
            await test.api.send(
                .post,
                "/v1/topics/prices/records",
                text,
                type: "text/plain",
                headers: [.recordKey: "raw"]
            )
        }
        let events = try await watch.read(count: 3)
        #expect(events[0].object["valueBase64"] == .string("bm8gSlNPTg=="))
        #expect(events[1].object["value"] == .object(["n": .integer(1)]))
        #expect(events[2].object["valueBase64"] == .string("bm8="))
        await watch.close()
    }
}
