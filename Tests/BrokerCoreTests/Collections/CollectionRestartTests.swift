import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

@testable import BrokerCore

/// What a collection's first reader after a start finds written down, and what the log says instead where that is not so.
@Suite(.timeLimit(.minutes(2))) struct CollectionRestartTests {
    /// A collection of ten keys and thirty changes, too few for a compaction.
    private static func filled() async throws -> CollectionBroker {
        let test = try await CollectionBroker.start()
        for number in 0..<30 {
            if number % 13 == 12 {
                try await test.delete("k\(number % 10)")
            } else {
                try await test.put("k\(number % 10)", "\(number)", at: Int64(number))
            }
        }
        return test
    }

    /// Everything that clients can be told: the list with ages, every change with what was there before.
    private static func view(_ test: CollectionBroker) async throws -> [String] {
        let page = try await test.broker.page(of: test.topic, from: nil, limit: 1000)
        let items = page.items.map { "\($0.text) since \($0.created.millisecondsSinceEpoch)" }
        return items + [page.version.positions[0].next.description] + (try await test.changes(previous: .all))
    }

    @Test func afterAStopNothingOfTheLogIsReadAgain() async throws {
        var test = try await Self.filled()
        let before = try await Self.view(test)
        #expect(try test.state.readBytes > .zero)
        test = try await test.restarted()
        #expect(try await Self.view(test) == before)
        #expect(try test.state.readBytes == .zero)
        try await test.put("k3", "new")
        #expect(try await test.item("k3")?.text == "k3=new")
        #expect(try test.state.readBytes > .zero && test.state.readBytes < ByteCount(200))
        await test.test.process.stop()
    }

    /// Without the file, or with one that is damaged, cut or of another collection, the log tells the same.
    @Test(arguments: ["none", "flipped", "cut", "another topic's", "another secret's"])
    func theLogHasTheLastWord(_ what: String) async throws {
        var test = try await Self.filled()
        let before = try await Self.view(test)
        let whole = try test.state.readBytes
        await test.test.process.stop()
        let path = try test.keys
        let fileSystem = test.test.fileSystem
        let bytes = try fileSystem.contents(of: path)
        switch what {
        case "none": try fileSystem.unlink(path)
        case "flipped": try fileSystem.flipBit(of: path, at: FilePosition(4200), bit: 3)
        case "cut": try fileSystem.replaceContents(of: path, with: Array(bytes.dropLast(9)))
        case "another topic's":
            let other = try await Self.filled()
            _ = try await Self.view(other)
            await other.test.process.stop()
            try fileSystem.replaceContents(of: path, with: try other.test.fileSystem.contents(of: other.keys))
        default: break
        }
        test = try await CollectionBroker.start(over: fileSystem.afterProcessDeath())
        if what == "another secret's" {
            test.save([], check: SipHash(key: [9]), version: Offset(30))
        }
        #expect(try await Self.view(test) == before)
        #expect(try test.state.readBytes == whole)
        await test.test.process.stop()
    }

    /// A topic that was made again has nothing of the one before.
    @Test func aTopicThatIsMadeAgainBeginsEmpty() async throws {
        var test = try await Self.filled()
        _ = try await Self.view(test)
        try await test.broker.deleteTopic(test.topic)
        await test.test.process.stop()
        #expect(!test.test.fileSystem.paths.contains { $0.hasSuffix("/keys") })
        test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath())
        #expect(try await Self.view(test) == ["0"])
        await test.test.process.stop()
    }

    /// Compaction goes on behind an index that was written down before: what it took is not promised, all else is there.
    @Test func compactionMayComeBetween() async throws {
        var test = try await CollectionBroker.start()
        for number in 0..<400 { try await test.put("k\(number % 5)", "\(number)") }
        let listed = try await test.broker.page(of: test.topic, from: nil, limit: 100).items
        await test.test.process.stop()
        let fileSystem = test.test.fileSystem.afterProcessDeath()
        test = try await CollectionBroker.start(over: fileSystem)
        test.broker.journal.compaction.walk()
        #expect(try test.log.compactedBelow > .zero)
        test = try await CollectionBroker.start(over: fileSystem.afterProcessDeath())
        test.broker.journal.compaction.walk()
        let floor = try test.log.compactedBelow
        #expect(try await test.broker.page(of: test.topic, from: nil, limit: 100).items == listed)
        #expect(try test.state.readBytes == .zero)
        await #expect(throws: BrokerError.self) { try await test.changes(from: floor.value - 1, previous: .all) }
        let rest = try await test.changes(from: floor.value, previous: .all)
        #expect(Int64(rest.count) == 400 - floor.value)
        await test.test.process.stop()
    }

    /// A kill leaves what was written down on the way: a start reads what came behind.
    @Test func itIsWrittenDownOnTheWay() async throws {
        var test = try await CollectionBroker.start(saveBytes: 1000)
        for number in 0..<30 { try await test.put("k\(number % 10)", "\(number)") }
        let before = try await Self.view(test)
        let whole = try test.state.readBytes
        let path = try test.keys.string
        // The one thread of the pool writes it behind the last step.
        for _ in 0..<1000 where !test.test.fileSystem.paths.contains(path) { await test.broker.readPool.run {} }
        #expect(test.test.fileSystem.paths.contains(path))
        test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath())
        #expect(try await Self.view(test) == before)
        #expect(try test.state.readBytes < whole)
        await test.test.process.stop()
    }

    /// Where readers pass damage the log has the last word, also about what was whole when the index was written down.
    @Test func aListPassesWhatWasDamagedSince() async throws {
        var test = try await Self.filled()
        var settings = TopicSettingsChange()
        settings.onCorruption = .value(.skip)
        _ = try await test.broker.changeTopic(test.topic, settings)
        #expect(try await Self.view(test).contains { $0.hasPrefix("k9=29") })
        await test.test.process.stop()
        let directory = try test.keys.string.dropLast(4)
        let log = test.test.fileSystem.paths.first { $0.hasPrefix(directory) && $0.hasSuffix(".log") }
        let path = FilePath(try #require(log))
        let size = try test.test.fileSystem.contents(of: path).count
        try test.test.fileSystem.flipBit(of: path, at: FilePosition(UInt64(size - 3)), bit: 1)
        test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath())
        let items = try await test.broker.page(of: test.topic, from: nil, limit: 1000).items.map(\.text)
        #expect(items.contains("k9=19") && !items.contains("k9=29"))
        await test.test.process.stop()
    }

    /// A key is deleted behind what was written down, and compaction removes the tombstone before anybody reads it.
    @Test func aKeyWhoseTombstoneIsGoneIsGone() async throws {
        var test = try await CollectionBroker.start(keepsTombstones: false)
        try await test.put("ghost", "1")
        #expect(try await test.broker.page(of: test.topic, from: nil, limit: 9).items.map(\.text) == ["ghost=1"])
        for round in 0..<3 {
            await test.test.process.stop()
            let fileSystem = test.test.fileSystem.afterProcessDeath()
            test = try await CollectionBroker.start(over: fileSystem, keepsTombstones: false)
            test.test.clock.advance(byMilliseconds: Int64(round + 1) * 10_000)
            test.broker.journal.compaction.walk()
            if round == 0 { try await test.delete("ghost") }
            for number in 0..<80 { try await test.put("k\(number % 3)", "\(number)") }
        }
        test.test.clock.advance(byMilliseconds: 100_000)
        await test.test.process.stop()
        test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath(), keepsTombstones: false)
        test.test.clock.advance(byMilliseconds: 200_000)
        test.broker.journal.compaction.walk()
        #expect(try test.log.compactedBelow > Offset(2))
        let page = try await test.broker.page(of: test.topic, from: nil, limit: 9)
        #expect(Set(page.items.map(\.text)) == ["k0=78", "k1=79", "k2=77"] && page.count == 3)
        await test.test.process.stop()
    }

    /// Compaction passes an index by again and again, and removes nothing that it had to see: none is made anew.
    @Test func compactionThatRemovesNoTombstonesCostsNoReading() async throws {
        var test = try await CollectionBroker.start(saveBytes: 1, keepsTombstones: false)
        for number in 0..<80 { try await test.put("k\(number % 3)", "\(number)") }
        try await test.delete("k9")
        _ = try await test.broker.page(of: test.topic, from: nil, limit: 9)
        for round in 0..<3 {
            let begun = try test.log.watermarks.visible.offset
            for number in 0..<80 { try await test.put("k\(number % 3)", "\(round).\(number)") }
            // The collection is not asked for before compaction has gone by.
            await test.test.process.stop()
            let saved = try test.test.fileSystem.contents(of: test.keys)
            test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath(), saveBytes: 1)
            test.broker.journal.compaction.walk()
            #expect(try test.log.compactedBelow > begun)
            #expect(try test.test.fileSystem.contents(of: test.keys) == saved)
            let size = try test.log.size
            let page = try await test.broker.page(of: test.topic, from: nil, limit: 9)
            #expect(page.items.map(\.value) == ["\(round).77", "\(round).78", "\(round).79"])
            #expect(try test.state.discardCount == 0)
            #expect(try test.state.readBytes < size)
        }
        await test.test.process.stop()
    }

    /// An index that says what the log does not say is thrown away by whoever notices.
    @Test(arguments: [0, 18])
    func anIndexThatLeadsToAnotherKeyIsMadeAgain(_ wrong: Int64) async throws {
        var test = try await Self.filled()
        let before = try await Self.view(test)
        let version = try test.log.watermarks.visible.offset
        await test.test.process.stop()
        test = try await CollectionBroker.start(over: test.test.fileSystem.afterProcessDeath())
        // The latest record of k7 stands at 27.
        test.save([("k7", wrong)], check: test.broker.collections.hash, version: version)
        #expect(try await test.item("k7")?.text == "k7=27")
        #expect(try await Self.view(test) == before)
        test = try await test.restarted()
        #expect(try await Self.view(test) == before)
        #expect(try test.state.readBytes == .zero)
        await test.test.process.stop()
    }
}

extension CollectionBroker {
    fileprivate var partition: Partition {
        get throws { try broker.registry.topic(topic).partitions[0] }
    }

    fileprivate var state: CollectionState { get throws { try partition.collection } }
    fileprivate var log: PartitionLog { get throws { try partition.log } }

    /// Where the first partition's index is written down.
    fileprivate var keys: FilePath {
        get throws { FilePath("/data/broker/topics/\(try broker.registry.topic(topic).id.hex)/0/keys") }
    }

    /// Stops in order, and starts again.
    fileprivate func restarted() async throws -> CollectionBroker {
        await test.process.stop()
        return try await CollectionBroker.start(over: test.fileSystem.afterProcessDeath())
    }

    /// Writes an index down that says where the latest records of some keys stand.
    fileprivate func save(_ rows: [(key: String, latest: Int64)], check: SipHash, version: Offset) {
        guard let key = try? partition.key else { return }
        let secret = check.check(of: key)
        let facts = KeyIndexFacts(
            version: version,
            begun: 1,
            historyFloor: version,
            keyCount: rows.count,
            distanceCount: 0,
            check: KeyIndexHash(low: secret.low, high: secret.high)
        )
        let isSaved = broker.store.saveKeyIndex(of: key, facts) { writer throws(FileError) in
            for row in rows {
                let hash = Array(row.key.utf8).withUnsafeBytes { broker.collections.hash.hash($0) }
                let name = KeyIndexHash(low: hash.low, high: hash.high)
                try writer.append(KeyIndexRow(hash: name, latest: Offset(row.latest), created: .epoch))
            }
        }
        #expect(isSaved)
    }
}
