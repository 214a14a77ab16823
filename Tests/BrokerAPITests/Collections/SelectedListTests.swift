import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

/// Lists with a selector: how much is read for a page, and where the next one begins.
@Suite struct SelectedListTests {
    /// The items of all pages of the collection `prices`, and how many pages they took.
    private static func list(_ harness: Harness, _ query: String) async throws -> (names: [String], pages: Int) {
        var (names, pages): ([String], Int) = ([], 0)
        var place = ""
        repeat {
            let page = try await harness.send(.get, "/v1/collections/prices?\(query)\(place)").json()
            names += page["items"]?.array.compactMap { $0["metadata"]?["name"]?.string } ?? []
            place = page["metadata"]?["continue"]?.string.map { "&continue=\($0)" } ?? ""
            pages += 1
        } while !place.isEmpty
        return (names, pages)
    }

    private static func harness(items: Int) async throws -> Harness {
        let harness = Harness()
        let topic = try TopicName(validating: "prices")
        var settings = TopicSettingsChange()
        settings.cleanup = .value(.compact)
        _ = try await harness.engine.createTopic(topic, settings: settings)
        harness.engine.list(items, in: topic)
        return harness
    }

    private static func selector(_ values: [Int]) -> String {
        "fieldSelector=" + values.map { "value.n!=\($0)" }.joined(separator: ",")
    }

    /// One of 5,000 items fits: the log is read for full pages, whatever the limit.
    @Test(arguments: [1, 3, 10, 100, 1000])
    func whereFewItemsFitAFewReadsFindThem(limit: Int) async throws {
        let harness = try await Self.harness(items: 5000)
        let (names, pages) = try await Self.list(harness, "fieldSelector=value.n=4711&limit=\(limit)")
        #expect(names == ["k4711"] && pages <= 2)
        let reads = harness.engine.state.withLock { $0.listed.reads }
        // 1, 4, 16, 64, 256, and then a thousand each.
        #expect(reads.count <= 12, "\(reads)")
        #expect(reads.reduce(0, +) <= 6000, "\(reads)")
    }

    /// All items but one fit: a page costs about what it shows.
    @Test(arguments: [1, 7, 10])
    func whereMostItemsFitAPageReadsLittleMore(limit: Int) async throws {
        let harness = try await Self.harness(items: 60)
        let (names, _) = try await Self.list(harness, "\(Self.selector([5]))&limit=\(limit)")
        #expect(names == (0..<60).filter { $0 != 5 }.map { "k\($0)" })
        let reads = harness.engine.state.withLock { $0.listed.reads }
        #expect(reads.reduce(0, +) <= 60 + 5 * limit, "\(reads)")
    }

    /// Pages of any size show all that fits, once, in order.
    @Test(arguments: [1, 2, 3, 4, 5, 1000])
    func continueStandsBehindTheLastItemThatWasTaken(limit: Int) async throws {
        let harness = try await Self.harness(items: 40)
        let hidden = [0, 1, 2, 7, 9, 10, 11, 12, 20, 38, 39]
        let (names, _) = try await Self.list(harness, "\(Self.selector(hidden))&limit=\(limit)")
        #expect(names == (0..<40).filter { !hidden.contains($0) }.map { "k\($0)" })
    }

    /// Only a list of which a client was told how to go on stays open.
    @Test func whatNobodyReadsOnIsClosed() async throws {
        let harness = try await Self.harness(items: 40)
        func open() -> Int { harness.engine.state.withLock { $0.listed.open.count } }
        _ = await harness.send(.get, "/v1/collections/prices")
        _ = await harness.send(.get, "/v1/collections/prices?fieldSelector=value.n=39&limit=3")
        _ = await harness.send(.get, "/v1/collections/prices?resourceVersionMatch=Exact&resourceVersion=1")
        #expect(open() == 0)
        _ = await harness.send(.get, "/v1/collections/prices?limit=3")
        #expect(open() == 1)
        let (names, _) = try await Self.list(harness, "limit=20")
        #expect(names.count == 40 && open() == 2)
    }

    /// All pages of a list of the facade, and how many items each had.
    private static func facadeList(
        _ harness: Harness,
        selector: String,
        limit: Int,
        bytesMax: ByteCount
    ) async throws -> (names: [String], pages: [Int]) {
        let limits = harness.engine.limits
        let topic = try harness.engine.topic(try TopicName(validating: "prices"))
        let query = try QueryParameters(Substring(selector), known: [Route.Parameter("fieldSelector", "")])
        let options = try CollectionOptions(query, isWatch: false, hasBookmarks: false, limits: limits)
        var (names, pages, next): ([String], [Int], String?) = ([], [], nil)
        repeat {
            var listing = try KubernetesListing(
                [KubernetesScope.Part(topic: topic, options: options)],
                next: next,
                limits: limits
            )
            let items = try await listing.read(harness.engine, limit: limit, bytesMax: bytesMax)
            names += items.map { String(buffer: $0.0.record.key ?? .init()) }
            pages.append(items.count)
            listing.keepOpen()
            next = listing.next
        } while next != nil
        return (names, pages)
    }

    /// The same for the facade, whose pages go over namespaces.
    @Test(arguments: [1, 3, 10])
    func theFacadeReadsNoMore(limit: Int) async throws {
        let harness = try await Self.harness(items: 5000)
        let bytesMax = harness.engine.limits.pageBytesMax
        let found = try await Self.facadeList(
            harness,
            selector: "fieldSelector=value.n=4711",
            limit: limit,
            bytesMax: bytesMax
        )
        #expect(found.names == ["k4711"])
        let (reads, open) = harness.engine.state.withLock { ($0.listed.reads, $0.listed.open.count) }
        #expect(reads.count <= 12 && reads.reduce(0, +) <= 6000, "\(reads)")
        #expect(open <= 1)
    }

    /// However many reads a page takes, all of them together give it so many bytes.
    @Test func aPageOfTheFacadeIsBoundInBytes() async throws {
        let harness = try await Self.harness(items: 40)
        // An item has 9 to 11 bytes.
        let found = try await Self.facadeList(
            harness,
            selector: Self.selector([5]),
            limit: 500,
            bytesMax: ByteCount(40)
        )
        #expect(found.names == (0..<40).filter { $0 != 5 }.map { "k\($0)" })
        #expect(found.pages.allSatisfy { $0 <= 5 }, "\(found.pages)")
    }

    /// A list that is sent whole is closed at its end, and where its client leaves.
    @Test(arguments: [true, false])
    func aStreamedListLeavesNoneOpen(isRead: Bool) async throws {
        let harness = try await Self.harness(items: 2500)
        let topic = try harness.engine.topic(try TopicName(validating: "prices"))
        let limits = harness.engine.limits
        let options = try CollectionOptions(
            try QueryParameters("", known: []),
            isWatch: false,
            hasBookmarks: false,
            limits: limits
        )
        func open() -> Int { harness.engine.state.withLock { $0.listed.open.count } }
        func read() async throws -> Int {
            var listing = try KubernetesListing(
                [KubernetesScope.Part(topic: topic, options: options)],
                next: nil,
                limits: limits
            )
            var count = 0
            repeat {
                count += try await listing.read(harness.engine, limit: 1000, bytesMax: .mebibytes(1)).count
                if !listing.isAtEnd { #expect(open() == 1) }
            } while isRead && !listing.isAtEnd
            return count
        }
        #expect(try await read() == (isRead ? 2500 : 1000))
        #expect(open() == 0)
    }
}
