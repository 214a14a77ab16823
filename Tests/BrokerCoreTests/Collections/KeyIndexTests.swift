import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore
@testable import SegmentStore

@Suite struct KeyIndexTests {
    /// The state, remembered in the plainest way.
    private struct Model {
        struct Record { let key: String?, isTombstone: Bool, timestamp: Int64 }

        var records: [Record] = []

        /// The items after the first `version` records, by offset.
        func items(at version: Int) -> [Int] {
            var latest: [String: Int] = [:]
            for (offset, record) in records[..<version].enumerated() {
                guard let key = record.key else { continue }
                latest[key] = record.isTombstone ? nil : offset
            }
            return latest.values.sorted()
        }

        func previous(of offset: Int) -> Int? {
            guard let key = records[offset].key else { return nil }
            let before = records[..<offset].lastIndex { $0.key == key }
            return before.flatMap { records[$0].isTombstone ? nil : $0 }
        }
    }

    private static let soon = MonotonicInstant(milliseconds: 1000)

    private static func index(_ bounds: KeyIndex.Bounds = KeyIndex.Bounds()) -> KeyIndex {
        KeyIndex(from: .zero, historyFloor: .zero, hash: hash, bounds: bounds)
    }

    private static let hash = SipHash(key: Array(0..<16))

    private static func apply(_ record: Model.Record, at offset: Int, to index: inout KeyIndex) {
        index.apply(
            KeyIndex.Entry(
                offset: Offset(Int64(offset)),
                key: record.key.map { key in Array(key.utf8).withUnsafeBytes { hash.hash($0) } },
                timestamp: Timestamp(millisecondsSinceEpoch: record.timestamp),
                isTombstone: record.isTombstone
            )
        )
    }

    private static func items(_ index: KeyIndex, _ list: OpenLists.ID? = nil) throws -> [Int] {
        var items: [Int] = []
        var from = Offset.zero
        while let next = try list.map({ try #require(index.nextItem(of: $0, from: from)) })
            ?? index.nextItem(from: from)
        {
            items.append(Int(next.value))
            from = next.advanced(by: 1)
        }
        return items
    }

    @Test func randomChangesAreSeenAsAPlainModelSeesThem() throws {
        let seed = Seed.chosen()
        print("randomChangesAreSeenAsAPlainModelSeesThem: seed \(seed)")
        var random = SplitMix64(seed: seed)
        for _ in 0..<20 {
            var (model, index) = (Model(), Self.index())
            var lists: [(id: OpenLists.ID, version: Int)] = []
            for offset in 0..<300 {
                let key =
                    Int.random(in: 0..<20, using: &random) == 0 ? nil : "k\(Int.random(in: 0..<25, using: &random))"
                let isTombstone = key != nil && Int.random(in: 0..<4, using: &random) == 0
                let record = Model.Record(key: key, isTombstone: isTombstone, timestamp: Int64(offset))
                model.records.append(record)
                Self.apply(record, at: offset, to: &index)
                if Int.random(in: 0..<40, using: &random) == 0 {
                    let list = OpenLists.ID.random()
                    index.openList(list, until: Self.soon)
                    lists.append((list, offset + 1))
                }
            }
            #expect(try Self.items(index) == model.items(at: 300), "seed \(seed)")
            #expect(index.count == model.items(at: 300).count)
            for list in lists {
                #expect(try Self.items(index, list.id) == model.items(at: list.version), "seed \(seed)")
            }
            for offset in 0..<300 {
                let expected = model.previous(of: offset).map { VersionHistory.Version.at(Offset(Int64($0))) }
                #expect(index.previous(of: Offset(Int64(offset))) == expected ?? VersionHistory.Version.nothing)
            }
        }
    }

    @Test func anItemIsAsOldAsItsFirstVersionSinceItWasDeleted() {
        var index = Self.index()
        let key = Array("a".utf8)
        func created() -> Int64? {
            key.withUnsafeBytes { index.latest(of: $0)?.created.millisecondsSinceEpoch }
        }
        for (offset, isTombstone) in [false, false, true, false, false].enumerated() {
            let record = Model.Record(key: "a", isTombstone: isTombstone, timestamp: Int64(offset) * 10)
            Self.apply(record, at: offset, to: &index)
            #expect(created() == [0, 0, nil, 30, 30][offset])
        }
    }

    @Test func aListThatWouldHoldBackTooMuchExpires() throws {
        var bounds = KeyIndex.Bounds()
        bounds.heldBackMax = 2
        var index = Self.index(bounds)
        for offset in 0..<4 {
            Self.apply(Model.Record(key: "k\(offset)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        let list = OpenLists.ID.random()
        index.openList(list, until: Self.soon)
        for offset in 4..<6 {
            Self.apply(Model.Record(key: "k\(offset - 4)", isTombstone: true, timestamp: 0), at: offset, to: &index)
        }
        #expect(try Self.items(index, list) == [0, 1, 2, 3])
        Self.apply(Model.Record(key: "k2", isTombstone: true, timestamp: 0), at: 6, to: &index)
        #expect(index.nextItem(of: list, from: .zero) == nil)
        #expect(index.version(of: list) == nil)
    }

    @Test func aListIsOverInTime() {
        var index = Self.index()
        let list = OpenLists.ID.random()
        index.openList(list, until: Self.soon)
        index.closeLists(at: MonotonicInstant(milliseconds: 999))
        #expect(index.version(of: list) == .zero)
        index.closeLists(at: Self.soon)
        #expect(index.version(of: list) == nil)
        let other = OpenLists.ID.random()
        index.openList(other, until: MonotonicInstant(milliseconds: 9000))
        index.closeLists(at: Self.soon, finished: other)
        #expect(index.version(of: other) == nil)
    }

    @Test func whatIsLostEndsTheHistory() {
        var index = Self.index()
        for offset in 0..<3 {
            Self.apply(Model.Record(key: "a", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        index.skip(to: Offset(5))
        #expect(index.historyFloor == .zero)
        Self.apply(Model.Record(key: "a", isTombstone: false, timestamp: 0), at: 5, to: &index)
        #expect(index.previous(of: Offset(5)) == .at(Offset(2)))
        index.skip(to: Offset(9), isLoss: true)
        #expect(index.historyFloor == Offset(9))
        #expect(index.previous(of: Offset(5)) == nil)
        Self.apply(Model.Record(key: "a", isTombstone: false, timestamp: 0), at: 9, to: &index)
        #expect(index.previous(of: Offset(9)) == .at(Offset(5)))
    }

    @Test func aRemovedPrefixTakesItsItemsAlong() throws {
        var index = Self.index()
        for offset in 0..<5000 {
            Self.apply(Model.Record(key: "k\(offset)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        let list = OpenLists.ID.random()
        index.openList(list, until: Self.soon)
        index.removePrefix(below: Offset(4990))
        #expect(try Self.items(index) == Array(4990..<5000))
        #expect(index.historyFloor == Offset(4990))
        #expect(index.version(of: list) == nil)
        #expect(Array("k4989".utf8).withUnsafeBytes { index.latest(of: $0) } == nil)
        #expect(Array("k4990".utf8).withUnsafeBytes { index.latest(of: $0) }?.latest == Offset(4990))
    }

    @Test func theHistoryIsBounded() {
        var bounds = KeyIndex.Bounds()
        bounds.historyRecordsMax = 10
        var index = Self.index(bounds)
        for offset in 0..<25 {
            Self.apply(Model.Record(key: "a", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        #expect(index.historyFloor == Offset(15))
        #expect(index.previous(of: Offset(15)) == .at(Offset(14)))
        index.raiseHistoryFloor(to: Offset(20))
        #expect(index.previous(of: Offset(19)) == nil)
        #expect(index.previous(of: Offset(20)) == .at(Offset(19)))
    }

    /// While keys come, however far apart their records lie, and while most of them go again.
    @Test(arguments: [1, 5000])
    func aKeyCostsAtMost97BytesAnd139OnceOthersHaveGone(distance: Int) {
        var bounds = KeyIndex.Bounds()
        bounds.historyRecordsMax = 1
        var index = Self.index(bounds)
        func apply(_ number: Int, at offset: Int, isTombstone: Bool) {
            let record = Model.Record(key: "k\(number)", isTombstone: isTombstone, timestamp: 0)
            Self.apply(record, at: offset, to: &index)
        }
        for number in 0..<8000 {
            apply(number, at: number * distance, isTombstone: false)
            if number > 3000, number % 500 == 0 { #expect(index.keyBytes.value <= index.count * 97) }
        }
        for number in 0..<7000 {
            apply(number, at: (8000 + number) * distance, isTombstone: true)
            if number % 500 == 0, index.count > 2000 { #expect(index.keyBytes.value <= index.count * 139) }
        }
        #expect(index.count == 1000)
    }

    /// Compaction may remove a tombstone that the index has not come to.
    @Test func anIndexThatMissesATombstoneSaysSo() {
        var index = KeyIndex(from: .zero, historyFloor: .zero, begun: 4, hash: Self.hash)
        for offset in 0..<3 {
            Self.apply(Model.Record(key: "k\(offset)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        var removed = RemovedTombstones()
        removed.note(below: Offset(9), by: 3)
        #expect(!index.mayMiss(removed))
        removed.note(below: Offset(3), by: 4)
        #expect(!index.mayMiss(removed))
        removed.note(below: Offset(4), by: 4)
        #expect(index.mayMiss(removed))
    }

    /// Another reading may find whole what this one has passed over.
    @Test func anIndexThatHasPassedDamageIsNotWrittenDown() {
        var index = Self.index()
        Self.apply(Model.Record(key: "a", isTombstone: false, timestamp: 0), at: 0, to: &index)
        #expect(index.snapshot?.version == Offset(1))
        index.notePassedDamage()
        #expect(index.snapshot == nil)
    }

    @Test func theOldestListMakesRoom() throws {
        var bounds = KeyIndex.Bounds()
        bounds.heldBackMax = 3
        var index = Self.index(bounds)
        for offset in 0..<4 {
            Self.apply(Model.Record(key: "k\(offset)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        let lists = (OpenLists.ID.random(), OpenLists.ID.random())
        index.openList(lists.0, until: Self.soon)
        for key in 0..<2 {
            Self.apply(Model.Record(key: "k\(key)", isTombstone: true, timestamp: 0), at: 4 + key, to: &index)
        }
        index.openList(lists.1, until: Self.soon)
        Self.apply(Model.Record(key: "k2", isTombstone: true, timestamp: 0), at: 6, to: &index)
        #expect(try Self.items(index, lists.0) == [0, 1, 2, 3])
        Self.apply(Model.Record(key: "k3", isTombstone: true, timestamp: 0), at: 7, to: &index)
        #expect(index.version(of: lists.0) == nil)
        #expect(try Self.items(index, lists.1) == [2, 3])
        #expect(index.heldBackCount == 2)
        index.closeLists(at: MonotonicInstant(milliseconds: 0), finished: lists.1)
        #expect(index.heldBackCount == 0)
    }

    /// Whoever reads the first page alone takes nobody's list away, and a record is kept once for all.
    @Test func abandonedListsEndNoneThatIsRead() throws {
        var index = Self.index()
        for offset in 0..<4 {
            Self.apply(Model.Record(key: "k\(offset)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        let read = OpenLists.ID.random()
        index.openList(read, until: Self.soon)
        for number in 0..<OpenLists.countMax + 3 {
            if number % 5000 == 0 { index.useList(read) }
            index.openList(.random(), until: Self.soon)
        }
        for offset in 4..<8 {
            Self.apply(Model.Record(key: "k\(offset % 4)", isTombstone: false, timestamp: 0), at: offset, to: &index)
        }
        #expect(index.heldBackCount == 4)
        #expect(try Self.items(index, read) == [0, 1, 2, 3])
    }
}

/// SipHash-2-4-128 of the bytes 0, 1, 2 and so on under a key of the bytes 0 to 15, as OpenSSL has it.
@Suite struct SipHashTests {
    @Test(
        arguments: [
            (0, "A3817F04BA25A8E66DF67214C7550293"), (1, "DA87C1D86B99AF44347659119B22FC45"),
            (7, "A1F1EBBED8DBC153C0B84AA61FF08239"), (8, "3B62A9BA6258F5610F83E264F31497B4"),
            (9, "264499060AD9BAABC47F8B02BB6D71ED"), (15, "5493E99933B0A8117E08EC0F97CFC3D9"),
            (16, "6EE2A4CA67B054BBFD3315BF85230577"), (63, "5150D1772F50834A503E069A973FBD7C"),
        ] as [(UInt8, String)]
    )
    func agreesWithTheReference(count: UInt8, expected: String) {
        let hash = Array(0..<count).withUnsafeBytes { SipHash(key: Array(0..<16)).hash($0) }
        let hex = [hash.low, hash.high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
            .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        #expect(hex.joined().uppercased() == expected)
    }
}
