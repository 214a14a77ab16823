import HTTPTypes
import Testing

@testable import BrokerAPI

/// Watches of collections.
@Suite(.timeLimit(.minutes(2))) struct CollectionWatchTests {
    private func put(_ test: CollectionHarness, _ key: String, _ value: String, tier: String? = nil) async {
        let labels = tier.map { #","metadata":{"labels":{"tier":"\#($0)"}}"# } ?? ""
        await test.item(.put, key, #"{"value":\#(value)\#(labels)}"#)
    }

    @Test(arguments: ["framing=ndjson", "framing=json", "framing=sse", "resourceVersion=0", "resourceVersion="])
    func aWatchBeginsWithTheStateAndGoesOnWithTheChanges(_ query: String) async throws {
        let test = try await CollectionHarness.start()
        await put(test, "a", "1")
        await put(test, "b", "2")
        await put(test, "a", "3")
        var watch = try await WatchedCollection(test, "watch=true&\(query)")
        var events = try await watch.read(count: 3)
        #expect(events.map(\.text) == ["ADDED b=2", "ADDED a=3", "BOOKMARK"])
        #expect(events[2].version == (try await test.version()))
        #expect(events[2].object["metadata"]?["annotations"] == nil)
        await put(test, "c", "4")
        await put(test, "b", "5")
        await test.item(.delete, "a")
        events = try await watch.read { $0.text == "DELETED a=3" }.filter { $0.type != "BOOKMARK" }
        #expect(events.dropFirst(2).map(\.text) == ["ADDED c=4", "MODIFIED b=5", "DELETED a=3"])
        let versions = events.compactMap { $0.version.flatMap { Int($0) } }
        #expect(versions == versions.sorted() && Set(versions).count == 5)
        #expect(versions.last.map(String.init) == (try await test.version()))
        await watch.close()
    }

    @Test func aWatchFromAVersionTellsOnlyWhatIsLater() async throws {
        let test = try await CollectionHarness.start()
        await put(test, "a", "1")
        let version = try await test.version()
        await put(test, "a", "2")
        var watch = try await WatchedCollection(test, "watch=true&resourceVersion=\(version)")
        let events = try await watch.read(count: 2)
        #expect(events.map(\.text) == ["BOOKMARK", "MODIFIED a=2"])
        #expect(events[0].version == version)
        await watch.close()
        var quiet = try await WatchedCollection(
            test,
            "watch=true&resourceVersion=\(version)&allowWatchBookmarks=false"
        )
        #expect(try await quiet.read(count: 1).map(\.text) == ["MODIFIED a=2"])
        await quiet.close()
    }

    @Test func theStateCanBeMarkedOrLeftOut() async throws {
        let test = try await CollectionHarness.start()
        await put(test, "a", "1")
        let match = "watch=1&resourceVersionMatch=NotOlderThan"
        var marked = try await WatchedCollection(test, "\(match)&sendInitialEvents=true")
        let state = try await marked.read(count: 2)
        #expect(state.map(\.text) == ["ADDED a=1", "BOOKMARK"])
        #expect(
            state[1].object["metadata"]?["annotations"] == .object(["k8s.io/initial-events-end": .string("true")])
        )
        await marked.close()
        var bare = try await WatchedCollection(test, "\(match)&sendInitialEvents=false")
        await put(test, "b", "2")
        #expect(try await bare.read(count: 2).map(\.text) == ["BOOKMARK", "ADDED b=2"])
        await bare.close()
        let version = try await test.version()
        var fresh = try await WatchedCollection(test, "\(match)&sendInitialEvents=true&resourceVersion=\(version)")
        #expect(try await fresh.read(count: 3).map(\.text) == ["ADDED a=1", "ADDED b=2", "BOOKMARK"])
        await fresh.close()
    }

    @Test func aLongStateComesInPagesOfOneMoment() async throws {
        let test = try await CollectionHarness.start(partitions: 3)
        let value = "\"" + String(repeating: "x", count: 3000) + "\""
        for number in 0..<60 { await put(test, "k\(number)", value) }
        var watch = try await WatchedCollection(test, "watch=true&fields=/none")
        let first = try await watch.read(count: 1)
        #expect(first.count < 60)
        for number in 0..<60 { await test.item(.delete, "k\(number)") }
        let events = try await watch.read(untilAll: { $0.count { $0.type == "DELETED" } == 60 })
        let state = events.prefix { $0.type != "BOOKMARK" }
        #expect(state.count == 60 && state.allSatisfy { $0.type == "ADDED" } && Set(state.map(\.name)).count == 60)
        #expect(events.dropFirst(60).allSatisfy { $0.type != "ADDED" && $0.type != "MODIFIED" })
        await watch.close()
    }

    /// What a watch has of the state is a list, which others would have to make room for.
    @Test func aWatchLeavesNoListOpen() async throws {
        let test = try await CollectionHarness.start()
        let value = "\"" + String(repeating: "x", count: 1000) + "\""
        let records = (0..<200).map { #"{"key":"k\#($0)","value":\#(value)}"# }.joined(separator: ",")
        await test.api.produce("prices", records)
        var watch: WatchedCollection? = try await WatchedCollection(test, "watch=true")
        _ = try await watch?.read(count: 1)
        #expect(try test.openListCount() == 1)
        await watch?.close()
        watch = nil
        #expect(try test.openListCount() == 0)
        var whole = try await WatchedCollection(test, "watch=true")
        _ = try await whole.read { $0.type == "BOOKMARK" }
        #expect(try test.openListCount() == 0)
        await whole.close()
    }

    @Test func framingsAreNegotiated() async throws {
        let test = try await CollectionHarness.start()
        func answer(_ query: String, _ accept: String?) async -> (Int, String?) {
            let headers: HTTPFields = accept.map { [.accept: $0] } ?? [:]
            let reply = await test.api.reply(.get, "/v1/collections/prices?\(query)", headers: headers)
            if case .stream(var stream) = reply.body { await stream.close() }
            return (reply.status.code, reply.headers[.contentType])
        }
        #expect(await answer("", nil) == (200, "application/json"))
        #expect(await answer("", "application/json;q=0.5, */*;q=0.1") == (200, "application/json"))
        #expect(await answer("", "text/event-stream") == (200, "text/event-stream"))
        #expect(await answer("watch=true", nil) == (200, "application/x-ndjson"))
        #expect(await answer("watch=true", "application/json") == (200, "application/json"))
        #expect(await answer("watch=true&framing=json", "text/event-stream") == (200, "application/json"))
        for (query, accept) in [
            ("", "application/x-ndjson"), ("watch=false", "text/event-stream"), ("watch=true", "text/csv"),
            ("framing=ndjson", "*/*"), ("watch=false&framing=sse", "*/*"), ("watch=true&framing=xml", "*/*"),
        ] {
            let (status, type) = await answer(query, accept)
            #expect(status == 406 && type == "application/problem+json", "\(query) \(accept)")
        }
    }

    @Test func onlyAnEventSourceWithoutBookmarksGetsNothingAtOnce() async throws {
        let test = try await CollectionHarness.start()
        let version = try await test.version()
        var watch = try await WatchedCollection(test, "framing=sse&resourceVersion=\(version)")
        let events = try await watch.read(count: 1)
        #expect(events.map(\.text) == ["BOOKMARK"] && events[0].lastID == version)
        #expect(watch.text.hasPrefix(":ok\n\nretry: 2000\n\nevent: BOOKMARK\ndata: {\"type\":\"BOOKMARK\","))
        await watch.close()
    }

    @Test func idsOfAnEventSourceStandAtTheEndsOfBatchesAlone() async throws {
        let test = try await CollectionHarness.start()
        let version = try await test.version()
        let value = "\"" + String(repeating: "x", count: 1000) + "\""
        let records = (0..<120).map { #"{"key":"k\#($0)","value":\#(value)}"# }.joined(separator: ",")
        await test.api.produce("prices", records)
        let end = try await test.version()
        var watch = try await WatchedCollection(test, "framing=sse&resourceVersion=\(version)&event=message")
        let events = try await watch.read { $0.name == "k119" }
        #expect(events.count { $0.type == "ADDED" } == 120)
        #expect(Set(events.dropLast().map { $0.lastID ?? "" }) == [version])
        #expect(events.last?.lastID == end)
        #expect(watch.text.contains("event: message\ndata: {\"type\":\"ADDED\""))
        await watch.close()

        await put(test, "k0", "1")
        var resumed = try await WatchedCollection(test, "framing=sse", headers: [.lastEventID: end])
        #expect(try await resumed.read(count: 2).map(\.text) == ["BOOKMARK", "MODIFIED k0=1"])
        await resumed.close()
    }

    @Test func aWatchWhoseSelectorFitsNothingTellsHowFarItIs() async throws {
        let test = try await CollectionHarness.start()
        let version = try await test.version()
        var watch = try await WatchedCollection(test, "watch=true&resourceVersion=\(version)&labelSelector=none")
        for number in 0..<3 { await put(test, "k\(number)", "1") }
        #expect(try await watch.read(count: 1).map(\.version) == [version])
        test.clock.advance(byMilliseconds: 6000)
        let events = try await watch.read(count: 2)
        #expect(events.map(\.text) == ["BOOKMARK", "BOOKMARK"])
        #expect(try await events.last?.version == test.version())
        await watch.close()
    }

    @Test func whatIsReadAndNotWrittenCanBeForgotten() async throws {
        let test = try await CollectionHarness.start(partitions: 2)
        let empty = try await test.version()
        let value = "\"" + String(repeating: "x", count: 1000) + "\""
        let records = (0..<150).map { #"{"key":"k\#($0)","value":\#(value)}"# }.joined(separator: ",")
        await test.api.produce("prices", records)
        for query in ["", "&resourceVersion=\(empty)"] {
            var watch = try await WatchedCollection(test, "watch=true&allowWatchBookmarks=false\(query)")
            var names: [String?] = []
            while names.count < 150 {
                names = try await watch.read(count: names.count + 1).map(\.name)
                watch.shed()
            }
            #expect(names.count == 150 && Set(names).count == 150)
            await watch.close()
        }
    }

    @Test func aConversationCountsEvents() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<5 { await put(test, "k\(number)", "\(number)") }
        var watch = try await WatchedCollection(speakingWith: test, "allowWatchBookmarks=false")
        guard case .nothing = await watch.say(#"{"op":"credit","records":2}"#) else {
            throw WatchedCollection.NoStream()
        }
        #expect(try await watch.read(count: 2).map(\.text) == ["ADDED k0=0", "ADDED k1=1"])
        _ = await watch.say(#"{"op":"credit","records":4}"#)
        await put(test, "k9", "9")
        #expect(try await watch.read(count: 6).last?.text == "ADDED k9=9")
        await watch.close()
    }

    @Test func aStreamSaysGoodbyeButNotInJSON() async throws {
        let test = try await CollectionHarness.start()
        var lines = try await WatchedCollection(test, "watch=true")
        var json = try await WatchedCollection(test, "watch=true&framing=json")
        _ = try await (lines.read(count: 1), json.read(count: 1))
        await test.stop()
        let said = try await lines.read { $0.type == "goodbye" }
        #expect(said.map(\.text) == ["BOOKMARK", "BOOKMARK", "goodbye drain"])
        #expect(try await json.read(count: 9).map(\.text) == ["BOOKMARK", "BOOKMARK"])
        await lines.close()
        await json.close()
    }
}
