import BrokerTestSupport
import NIOCore
import RecordFormat
import Testing

@testable import BrokerCore

/// Collections behind the facade: lists, items, changes, over restarts and compaction.
@Suite(.timeLimit(.minutes(2))) struct CollectionTests {
    // MARK: Lists

    @Test func aListShowsOneMomentHoweverManyPagesItTakes() async throws {
        let test = try await CollectionBroker.start()
        for number in 0..<10 { try await test.put("k\(number)", "old") }
        try await test.delete("k9")
        var page = try await test.broker.page(of: test.topic, from: nil, limit: 2)
        let version = page.version
        var seen = page.items.map(\.text)
        for number in 0..<10 { try await test.put("k\(number)", "new") }
        try await test.delete("k5")
        while let next = page.next {
            page = try await test.broker.page(of: test.topic, from: next, limit: 3)
            #expect(page.version == version)
            seen += page.items.map(\.text)
        }
        #expect(seen == (0..<9).map { "k\($0)=old" })
        let again = try await test.broker.page(of: test.topic, from: nil, limit: 100)
        #expect(again.items.map(\.text) == [0, 1, 2, 3, 4, 6, 7, 8, 9].map { "k\($0)=new" })
        #expect(again.count == 9 && again.next == nil)
    }

    @Test func aListThatIsClosedOrTooOldIsOver() async throws {
        let test = try await CollectionBroker.start()
        for number in 0..<4 { try await test.put("k\(number)", "v") }
        let first = try #require(try await test.broker.page(of: test.topic, from: nil, limit: 1).next)
        // The last page, too, can be had again: its answer may have been lost.
        for _ in 0..<2 {
            let whole = try await test.broker.page(of: test.topic, from: first, limit: 100)
            #expect(whole.items.map(\.text) == ["k1=v", "k2=v", "k3=v"] && whole.next == nil)
            try await test.put("k2", "later")
        }
        test.broker.closeList(first.list, of: test.topic)
        await #expect(throws: BrokerError.self) {
            try await test.broker.page(of: test.topic, from: first, limit: 1)
        }
        let other = try #require(try await test.broker.page(of: test.topic, from: nil, limit: 1).next)
        test.test.clock.advance(byMilliseconds: 300_000)
        await #expect(throws: BrokerError.self) {
            try await test.broker.page(of: test.topic, from: other, limit: 1)
        }
    }

    @Test func everyPartitionIsListed() async throws {
        let test = try await CollectionBroker.start(partitions: 3)
        for number in 0..<20 { try await test.put("k\(number)", "v") }
        var page = try await test.broker.page(of: test.topic, from: nil, limit: 7)
        var seen = page.items
        while let next = page.next {
            page = try await test.broker.page(of: test.topic, from: next, limit: 7)
            seen += page.items
        }
        #expect(Set(seen.map(\.text)) == Set((0..<20).map { "k\($0)=v" }))
        #expect(seen.count == 20 && page.count == 20)
        #expect(page.version.positions.map(\.next.value).reduce(0, +) == 20)
    }

    @Test func onlyACompactedTopicIsACollection() async throws {
        let test = try await CollectionBroker.start()
        let other = try await test.test.createTopic("all")
        await #expect(throws: BrokerError.self) { try await test.broker.page(of: other, from: nil, limit: 1) }
        await #expect(throws: BrokerError.self) { try await test.broker.item([1], of: other) }
    }

    // MARK: Items

    @Test func anItemIsItsLatestVersion() async throws {
        let test = try await CollectionBroker.start()
        #expect(try await test.item("a") == nil)
        try await test.put("a", "1")
        try await test.put("b", "2")
        try await test.put("a", "3")
        #expect(try await test.item("a")?.text == "a=3")
        #expect(try await test.item("a")?.record.offset == Offset(2))
        try await test.delete("a")
        #expect(try await test.item("a") == nil)
        #expect(try await test.item("b")?.text == "b=2")
    }

    @Test func changesMadeAtTheSameTimeAllCount() async throws {
        let test = try await CollectionBroker.start()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask {
                    for _ in 0..<5 { try await test.increment("counter") }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(try await test.item("counter")?.text == "counter=40")
    }

    @Test func aCrowdThatChangesDifferentItemsIsNeverRefused() async throws {
        let test = try await CollectionBroker.start()
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for number in 0..<64 {
                tasks.addTask {
                    for _ in 0..<4 { try await test.increment("counter\(number)") }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(try await test.item("counter0")?.text == "counter0=4")
        #expect(try await test.item("counter63")?.text == "counter63=4")
    }

    @Test func aChangeMayBeDecidedAgainst() async throws {
        struct Refused: Error {}
        let test = try await CollectionBroker.start()
        try await test.put("a", "1")
        let left = try await test.broker.updateItem(Array("a".utf8), of: test.topic) { _ in .leave }
        #expect(left.after == nil && left.before?.text == "a=1")
        await #expect(throws: Refused.self) {
            try await test.broker.updateItem(Array("a".utf8), of: test.topic) { _ in throw Refused() }
        }
        #expect(try await test.item("a")?.record.offset == .zero)
    }

    // MARK: Changes

    @Test func aChangeTellsWhatWasThereBefore() async throws {
        let test = try await CollectionBroker.start()
        try await test.put("a", "1")
        try await test.put("a", "2")
        try await test.delete("a")
        try await test.delete("a")
        try await test.put("a", "3")
        #expect(try await test.changes(previous: .all) == ["+ a=1", "a=1 > a=2", "a=2 -", "-", "+ a=3"])
        #expect(try await test.changes(previous: .ofDeletions) == ["+ a=1", "@0 > a=2", "a=2 -", "-", "+ a=3"])
        #expect(try await test.changes(from: 3, previous: .all) == ["-", "+ a=3"])
    }

    @Test func whatIsWrittenWithALookKeepsItsAgeOverDeletionAndCompaction() async throws {
        var test = try await CollectionBroker.start()
        for time in 1...3 as ClosedRange<Int64> { try await test.increment("a", at: time * 10) }
        try await test.delete("a")
        try await test.increment("b", at: 50)
        for time in 60..<100 as Range<Int64> { try await test.increment("b", at: time) }
        var cursor = try await test.broker.cursor(for: test.topic, partitions: nil, start: .earliest)
        cursor.positions[0].next = .zero
        let budget = ReadBudget(bytes: .mebibytes(1))
        let found = try await test.broker.changes(cursor, budget: budget, previous: .all).changes
        let born = Timestamp(millisecondsSinceEpoch: 10)
        #expect(found.prefix(3).allSatisfy { $0.item.created == born })
        guard case .item(let last) = try #require(found.dropFirst(3).first).previous else {
            Issue.record("the deletion does not bring along what it deletes")
            return
        }
        #expect(last.created == born && last.text == "a=3")
        test = try await test.compacted()
        try #require(try await test.item("b")?.text == "b=41")
        #expect(try await test.item("b")?.created == Timestamp(millisecondsSinceEpoch: 50))
    }

    @Test func anItemIsAsOldAsItsFirstVersion() async throws {
        let test = try await CollectionBroker.start()
        try await test.put("a", "1", at: 10)
        try await test.put("a", "2", at: 20)
        #expect(try await test.item("a")?.created == Timestamp(millisecondsSinceEpoch: 10))
        try await test.delete("a")
        try await test.put("a", "3", at: 30)
        #expect(try await test.item("a")?.created == Timestamp(millisecondsSinceEpoch: 30))
    }

    @Test func anItemDoesNotHoldTheBatchItStandsIn() async throws {
        let test = try await CollectionBroker.start()
        var builder = RecordBatchBuilder()
        for number in 0..<300 {
            builder.append(
                DecodedRecord(
                    timestamp: Timestamp(millisecondsSinceEpoch: 1),
                    key: ByteBuffer(string: "k\(number)"),
                    value: ByteBuffer(repeating: 0x31, count: 1000)
                )
            )
        }
        let partition = TopicPartition(test.topic, PartitionIndex(0))
        _ = try await test.broker.append([AppendItem(target: partition, batches: [builder.finish()])])
        let page = try await test.broker.page(of: test.topic, from: nil, limit: 300)
        #expect(page.items.count == 300)
        #expect(page.items.allSatisfy { ($0.record.value?.storageCapacity ?? 0) < 5000 })
        #expect(try await test.item("k7")?.value.utf8.count == 1000)
    }

    /// A list and the changes behind it give the state, wherever a restart, a compaction or a page comes in between.
    @Test func aListAndTheChangesBehindItGiveTheState() async throws {
        let seed = Seed.chosen()
        print("aListAndTheChangesBehindItGiveTheState: MILLRACE_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        var test = try await CollectionBroker.start()
        var followers: [Follower] = []
        for step in 0..<60 {
            for _ in 0..<5 { try await test.changeAnything(&random) }
            if step % 10 == 3 { followers.append(try await Follower.list(test)) }
            if step % 25 == 20 { test = try await test.compacted() }
            for index in followers.indices where Bool.random(using: &random) { try await followers[index].follow(test) }
        }
        for index in followers.indices {
            try await followers[index].follow(test)
            #expect(followers[index].items == test.model.items, "MILLRACE_SEED=\(seed)")
        }
        let listed = try await Follower.list(test)
        #expect(listed.items == test.model.items, "MILLRACE_SEED=\(seed)")
    }

    @Test func aVersionBelowWhatCompactionRemovedIsRefused() async throws {
        var test = try await CollectionBroker.start()
        for number in 0..<400 { try await test.put("k\(number % 5)", "\(number)") }
        test = try await test.compacted()
        let log = try test.broker.registry.topic(test.topic).partitions[0].log
        let floor = log.compactedBelow
        #expect(floor > .zero)
        for version in [0, floor.value - 1] {
            do {
                _ = try await test.changes(from: version, previous: .all)
                Issue.record("version \(version) was served below \(floor)")
            } catch BrokerError.versionExpired(_, let asked, let told) {
                #expect(asked.value == version && told >= floor)
            }
        }
        let rest = try await test.changes(from: floor.value, previous: .all)
        #expect(Int64(rest.count) == 400 - floor.value)
        #expect(rest.allSatisfy { $0.contains(" > ") })
    }
}

/// What a client knows that lists and then follows the changes; lists again when its version has expired.
private struct Follower {
    var items: [String: String]
    var cursor: Cursor

    static func list(_ test: CollectionBroker) async throws -> Follower {
        var page = try await test.broker.page(of: test.topic, from: nil, limit: 3)
        var items = page.items
        while let next = page.next {
            page = try await test.broker.page(of: test.topic, from: next, limit: 3)
            items += page.items
        }
        return Follower(
            items: Dictionary(uniqueKeysWithValues: items.map { ($0.key, $0.value) }),
            cursor: page.version
        )
    }

    mutating func follow(_ test: CollectionBroker) async throws {
        do {
            while true {
                let found = try await test.broker.changes(
                    cursor,
                    budget: ReadBudget(bytes: ByteCount(200)),
                    previous: .all
                )
                for change in found.changes { apply(change) }
                cursor = found.cursor
                if found.caughtUp { return }
            }
        } catch BrokerError.versionExpired {
            self = try await Follower.list(test)
        }
    }

    private mutating func apply(_ change: CollectionChange) {
        let key = change.item.key
        if case .item(let previous) = change.previous {
            #expect(items[key] == previous.value)
        } else {
            #expect(items[key] == nil)
        }
        items[key] = change.item.record.value == nil ? nil : change.item.value
    }
}
