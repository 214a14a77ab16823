import BrokerTestSupport
import HTTPTypes
import Testing

@testable import BrokerAPI

/// What a list or a watch of a collection cannot be asked for.
@Suite(.timeLimit(.minutes(2))) struct CollectionWatchRefusalTests {
    private static let wrong: [(query: String, status: Int, code: String, detail: String)] = [
        ("watch=true&resourceVersion=x", 400, "invalid-cursor", "resourceVersion"),
        ("watch=true&resourceVersion=1.2", 410, "version-expired", "earlier"),
        ("watch=true&resourceVersion=-1", 400, "invalid-cursor", "resourceVersion"),
        ("watch=true&resourceVersion=99999999999999999999", 400, "invalid-cursor", "resourceVersion"),
        ("watch=true&resourceVersion=5", 410, "version-expired", "earlier"),
        ("watch=true&resourceVersion=9000000000000000000", 416, "version-ahead", "is at the version"),
        ("resourceVersion=9000000000000000000", 416, "version-ahead", "is at the version"),
        ("resourceVersion=x", 400, "invalid-cursor", "resourceVersion"),
        (
            "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=9000000000000000000", 416,
            "version-ahead", "is at the version"
        ),
        ("watch=1&sendInitialEvents=true", 400, "invalid-request", "needs resourceVersionMatch=NotOlderThan"),
        ("watch=1&sendInitialEvents=maybe", 400, "invalid-request", "true or false"),
        ("watch=1&resourceVersionMatch=NotOlderThan", 400, "invalid-request", "needs sendInitialEvents="),
        ("watch=1&sendInitialEvents=true&resourceVersionMatch=Exact", 400, "invalid-request", "is NotOlderThan, not"),
        ("watch=1&limit=5", 400, "invalid-request", "limit= is for a list"),
        ("watch=1&continue=1.0.0", 400, "invalid-request", "continue= is for a list"),
        ("watch=1&timeout=1s&timeoutSeconds=1", 400, "invalid-request", "both given"),
        ("watch=1&timeoutSeconds=-1", 400, "invalid-request", "timeoutSeconds"),
        ("watch=1&as=diff", 400, "invalid-request", "as is object or patch"),
        ("watch=1&event=x", 400, "invalid-request", "event is"),
        ("watch=1&allowWatchBookmarks=x", 400, "invalid-request", "allowWatchBookmarks"),
        ("watch=1&wait=1s", 400, "invalid-request", "wait"),
        ("sendInitialEvents=true", 400, "invalid-request", "is for a watch"),
        ("resourceVersionMatch=Exact", 400, "invalid-request", "needs a resourceVersion="),
        ("resourceVersionMatch=Exact&resourceVersion=0", 400, "invalid-request", "which is any"),
        ("resourceVersionMatch=Best&resourceVersion=0", 400, "invalid-request", "NotOlderThan or Exact"),
        ("resourceVersion=7&continue=1.0.0", 400, "invalid-request", "does not go with continue="),
        ("as=patch", 400, "invalid-request", "is for a watch"), ("prev=true", 400, "invalid-request", "is for a watch"),
        ("labelSelector=a b", 400, "invalid-selector", "labelSelector, character 2"),
        ("watch=1&fieldSelector=spec.x=1", 400, "invalid-selector", "fieldSelector, character 0"),
        ("watch=1&fields=x", 400, "invalid-fields", "fields"),
    ]

    @Test func whatCannotBeIsRefusedWithItsReason() async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":1}"#)
        for wrong in Self.wrong {
            let query = wrong.query.replacing(" ", with: "%20")
            let answer = await test.api.send(.get, "/v1/collections/prices?\(query)")
            #expect(answer.status == wrong.status && answer.code == wrong.code, "\(query): \(answer.text)")
            #expect(answer.detail.contains(wrong.detail), "\(query): \(answer.detail)")
        }
        try await test.api.topic("orders")
        #expect(await test.api.send(.get, "/v1/collections/orders?watch=true").code == "collection-not-found")
        #expect(await test.api.send(.get, "/v1/collections/none?watch=true").code == "topic-not-found")
    }

    /// Also where the clock was set back over a restart, and the topic is made by another run than the one that deleted it.
    @Test func aVersionOfADeletedCollectionIsKnownWhateverTheClockSays() async throws {
        var test = try await CollectionHarness.start(clock: ManualClock(wallMilliseconds: 1_795_255_200_000))
        await test.item(.put, "a", #"{"value":1}"#)
        let version = try await test.version()
        #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
        test = try await test.restarted(clock: ManualClock(wallMilliseconds: 1_795_000_000_000))
        await test.item(.put, "a", #"{"value":2}"#)
        #expect(try #require(Int64(try await test.version())) > #require(Int64(version)))
        let answer = await test.api.send(.get, "/v1/collections/prices?watch=true&resourceVersion=\(version)")
        #expect(answer.status == 410 && answer.code == "version-expired", "\(answer.text)")
        await test.stop()
    }

    /// A crash between the two would forget them.
    @Test(arguments: [true, false])
    func theVersionsOfACollectionAreWrittenDownBeforeItIsNoneAnyMore(_ isDeleted: Bool) async throws {
        let fileSystem = SimulatedFileSystem()
        let test = try await CollectionHarness.start(over: fileSystem)
        await test.item(.put, "a", #"{"value":1}"#)
        let before = fileSystem.callCount
        if isDeleted {
            #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
        } else {
            #expect(await test.api.send(.patch, "/v1/topics/prices", #"{"cleanup":"delete"}"#).status == 200)
        }
        // The description of the groups' topic is replaced; then the collection's is, or the journal tells of its end.
        let changes = fileSystem.calls.dropFirst(before).filter { call in
            call.kind == .rename
                || "\(call.path)".hasSuffix("/journal") && call.kind.rawValue.lowercased().hasSuffix("write")
        }
        #expect(changes.first?.kind == .rename)
        #expect(changes.dropFirst().first.map { isDeleted ? $0.kind != .rename : $0.kind == .rename } == true)
        #expect(changes.first?.path != changes.dropFirst().first?.path)
        await test.stop()
    }

    @Test func aCollectionThatWasNoneMeanwhileHasNoEarlierVersions() async throws {
        let test = try await CollectionHarness.start()
        for number in 0..<4 { await test.item(.put, "k\(number)", #"{"value":1}"#) }
        let version = try await test.version()
        for cleanup in ["delete", "compact"] {
            let change = #"{"cleanup":"\#(cleanup)"}"#
            #expect(await test.api.send(.patch, "/v1/topics/prices", change).status == 200)
            guard cleanup == "delete" else { continue }
            let removal = await test.api.send(.delete, "/v1/topics/prices/partitions/0/records?before=2")
            #expect(removal.status == 200, "\(removal.text)")
        }
        let answer = await test.api.send(.get, "/v1/collections/prices?watch=true&resourceVersion=\(version)")
        #expect(answer.status == 410 && answer.code == "version-expired", "\(answer.text)")
        #expect(try #require(Int64(try await test.version())) > (try #require(Int64(version))))
    }

    @Test func anExactListIsOneOfNow() async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":1}"#)
        let version = try await test.version()
        let exact = "/v1/collections/prices?resourceVersionMatch=Exact&resourceVersion=\(version)"
        #expect(await test.api.send(.get, exact).status == 200)
        await test.item(.put, "a", #"{"value":2}"#)
        #expect(await test.api.send(.get, exact).code == "version-expired")
        let later = "/v1/collections/prices?resourceVersionMatch=NotOlderThan&resourceVersion=\(version)"
        #expect(await test.api.send(.get, later).status == 200)
    }

    @Test func aVersionWhoseChangesAreGoneIsRefusedOrToldInTheStream() async throws {
        var test = try await CollectionHarness.start()
        let old = try await test.version()
        for number in 0..<200 { await test.item(.put, "k\(number % 5)", #"{"value":\#(number)}"#) }
        test = try await test.compacted()
        let answer = await test.api.send(.get, "/v1/collections/prices?watch=true&resourceVersion=\(old)")
        #expect(answer.status == 410 && answer.code == "version-expired", "\(answer.text)")

        // An event source reads no 410: it is told, and then told to stop, since its URL can only fail again.
        var source = try await WatchedCollection(test, "framing=sse&resourceVersion=\(old)")
        let told = try await source.read(count: 9)
        #expect(told.map(\.text) == ["ERROR version-expired", "goodbye error"])
        #expect(told.first?.object["status"]?.integer == 410)
        let last = try #require(told.last?.lastID)
        #expect(last == ";end")
        let back = await test.api.send(.get, "/v1/collections/prices?framing=sse", headers: [.lastEventID: last])
        #expect(back.status == 204)
        await source.close()

        // One that was told to stop at a version is told, too, what became of that.
        func stopped(_ version: String) async -> Harness.Answer {
            let headers: HTTPFields = [.lastEventID: "\(version);end"]
            return await test.api.send(.get, "/v1/collections/prices?framing=sse&timeout=1s", headers: headers)
        }
        #expect(await stopped(try await test.version()).status == 204)
        let gone = await stopped(old)
        #expect(gone.status == 200 && gone.text.contains("version-expired"))
        #expect(await stopped("9000000000000000000").code == "version-ahead")
        #expect(await stopped("x").code == "invalid-cursor")

        // One whose URL begins with the state forgets its id, and comes back for the state.
        var resumed = try await WatchedCollection(test, "framing=sse", headers: [.lastEventID: old])
        let lost = try await resumed.read(count: 9)
        #expect(lost.map(\.text) == ["ERROR version-expired", "goodbye error"] && lost.last?.lastID?.isEmpty == true)
        #expect(resumed.text.hasSuffix("\nid: \n\n"))
        await resumed.close()
    }

    @Test func aCollectionMadeAnewHasNoneOfTheVersionsOfTheOld() async throws {
        let test = try await CollectionHarness.start()
        await test.item(.put, "a", #"{"value":1}"#)
        let old = try await test.version()
        var watch = try await WatchedCollection(test, "watch=true&resourceVersion=\(old)&framing=json")
        _ = try await watch.read(count: 1)
        #expect(await test.api.send(.delete, "/v1/topics/prices").status == 204)
        #expect(await test.api.send(.put, "/v1/topics/prices", #"{"cleanup":"compact"}"#).status == 201)
        let events = try await watch.read(count: 9)
        #expect(events.last?.text == "ERROR version-expired" && events.last?.object["status"]?.integer == 410)
        await watch.close()
        let answer = await test.api.send(.get, "/v1/collections/prices?watch=true&resourceVersion=\(old)")
        #expect(answer.status == 410 && answer.code == "version-expired")
        #expect(await test.api.send(.get, "/v1/collections/prices?resourceVersion=\(old)").status == 200)
    }
}
