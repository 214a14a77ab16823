import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// The file `keys`: read back as it was written, or not at all.
@Suite struct KeyIndexFileTests {
    private static let path = StoreWorkload.directory.appending("topics").appending(TestStore.topic.hex)
        .appending("0").appending("keys")
    private static let check = KeyIndexHash(low: 11, high: 12)

    /// What a file said.
    private struct Content: Hashable {
        var facts: KeyIndexFacts
        var rows: [KeyIndexRow] = []
        var distances: [UInt32] = []

        init(keys: Int, distances count: Int, version: Int64, begun: UInt64 = 1) {
            facts = KeyIndexFacts(
                version: Offset(version),
                begun: begun,
                historyFloor: Offset(version - Int64(count)),
                keyCount: keys,
                distanceCount: count,
                check: check
            )
            rows = (0..<keys).map { number in
                KeyIndexRow(
                    hash: KeyIndexHash(low: UInt64(number) << 40, high: UInt64(number) * 3),
                    latest: Offset(Int64(number)),
                    created: Timestamp(millisecondsSinceEpoch: Int64(number) * 7)
                )
            }
            distances = (0..<count).map { UInt32($0 % 5) }
        }

        init(_ reader: KeyIndexReader) throws {
            facts = reader.facts
            defer { reader.close() }
            try reader.forEachKey { rows.append($0) }
            try reader.forEachDistance { distances.append($0) }
        }

        func save(_ test: TestStore) -> Bool {
            test.store.saveKeyIndex(of: TestStore.key, facts) { writer throws(FileError) in
                for row in rows { try writer.append(row) }
                for distance in distances { try writer.append(distance: distance) }
            }
        }
    }

    /// A store whose log has so many records.
    private static func store(records: Int) throws -> TestStore {
        let test = try TestStore()
        for number in 0..<records { _ = try test.append("value \(number)") }
        return test
    }

    /// What a start would take the file for; nil when it would read the log.
    private static func read(_ test: TestStore) throws -> Content? {
        guard let reader = try test.log().openKeyIndex() else { return nil }
        return try? Content(reader)
    }

    @Test(arguments: [(0, 0), (1, 0), (3, 20), (2048, 16_384), (2049, 16_385), (5000, 0)] as [(Int, Int)])
    func isReadAsItWasWritten(_ keys: Int, _ distances: Int) throws {
        let test = try Self.store(records: 1)
        // The facts claim more records than the log has: whether they fit it is another question.
        let written = Content(keys: keys, distances: distances, version: Int64(max(keys, distances, 1)))
        #expect(written.save(test))
        let reader = try KeyIndexReader(Self.path, owner: try test.log().owner, fileSystem: test.fileSystem)
        #expect(try Content(reader) == written)
        #expect(test.fileSystem.openFileCount < 20)
        let size = try test.fileSystem.contents(of: Self.path).count
        #expect(size == written.facts.fileBytes)
    }

    @Test func everyFlipIsFound() async throws {
        let test = try Self.store(records: 20)
        let written = Content(keys: 9, distances: 20, version: 20)
        #expect(written.save(test))
        #expect(try Self.read(test) == written)
        let size = try test.fileSystem.contents(of: Self.path).count
        // Of the zeros behind the first page's body some.
        let places = (0..<size).filter { $0 < 150 || $0 >= KeyIndexFile.headBytes || $0 % 31 == 0 }
        let wrongs = try await onItsOwnThread {
            try places.compactMap { place in
                let position = FilePosition(UInt64(place))
                try test.fileSystem.flipBit(of: Self.path, at: position, bit: place % 8)
                defer { try? test.fileSystem.flipBit(of: Self.path, at: position, bit: place % 8) }
                return try Self.read(test) == nil ? nil : "byte \(place) of \(size)"
            }
        }
        #expect(wrongs == [])
        #expect(try Self.read(test) == written)
    }

    @Test func aFileThatIsCutOrLongerIsPassedOver() async throws {
        let test = try Self.store(records: 20)
        let written = Content(keys: 9, distances: 20, version: 20)
        #expect(written.save(test))
        let bytes = try test.fileSystem.contents(of: Self.path)
        for count in stride(from: 0, to: bytes.count, by: 13) {
            try test.fileSystem.replaceContents(of: Self.path, with: Array(bytes[..<count]))
            #expect(try Self.read(test) == nil, "\(count) of \(bytes.count) bytes")
        }
        try test.fileSystem.replaceContents(of: Self.path, with: bytes + [0])
        #expect(try Self.read(test) == nil)
        try test.fileSystem.replaceContents(of: Self.path, with: bytes)
        #expect(try Self.read(test) == written)
        try test.fileSystem.unlink(Self.path)
        #expect(try Self.read(test) == nil)
    }

    /// The end of one file behind the beginning of another that differs only in what it holds.
    @Test func pagesOfTwoFilesAreNotMixed() throws {
        let test = try Self.store(records: 20)
        var content = Content(keys: 9, distances: 20, version: 20)
        #expect(content.save(test))
        let one = try test.fileSystem.contents(of: Self.path)
        content.distances[3] = 77
        #expect(content.save(test))
        let other = try test.fileSystem.contents(of: Self.path)
        let mixed = one[..<KeyIndexFile.headBytes] + other[KeyIndexFile.headBytes...]
        try test.fileSystem.replaceContents(of: Self.path, with: Array(mixed))
        #expect(try Self.read(test) == nil)
    }

    /// Nothing of it is flushed: a power cut leaves it, or what its checksums refuse.
    @Test func aPowerCutLeavesItOrNothingThatIsTakenForIt() throws {
        let test = try Self.store(records: 20)
        let older = Content(keys: 4, distances: 10, version: 10)
        let newer = Content(keys: 9, distances: 20, version: 20)
        #expect(older.save(test) && newer.save(test))
        let image = test.fileSystem.image
        var outcomes: [Content?: Int] = [:]
        for seed in 0..<60 as Range<UInt64> {
            let fileSystem = SimulatedFileSystem(image.survivors(seed: seed), test.fileSystem.settings)
            outcomes[try Self.read(try TestStore(fileSystem)), default: 0] += 1
        }
        let known: [Content?] = [nil, older, newer]
        #expect(outcomes.keys.allSatisfy(known.contains))
        #expect(outcomes.keys.contains(nil), "no cut has harmed it: the test shows nothing")
    }

    // MARK: What the log says against it

    @Test func whatLiesBehindTheLogsEndIsPassedOver() throws {
        let test = try Self.store(records: 10)
        #expect(Content(keys: 3, distances: 5, version: 11).save(test))
        #expect(try Self.read(test) == nil)
        #expect(Content(keys: 3, distances: 5, version: 10).save(test))
        #expect(try Self.read(test) != nil)
    }

    /// A log that was cut and has grown again is told from the one before by its run.
    @Test func aLogThatHasGrownAgainIsAnotherOne() throws {
        let test = try Self.store(records: 10)
        #expect(Content(keys: 3, distances: 5, version: 10).save(test))
        let file = try test.fileSystem.contents(of: Self.path)
        let fresh = try Self.store(records: 4).killed()
        for number in 0..<10 { _ = try fresh.append("other \(number)") }
        // The same ids by the same seed: only the runs differ.
        try fresh.fileSystem.replaceContents(of: Self.path, with: file)
        #expect(try fresh.log().watermarks.visible.offset == Offset(14))
        #expect(try Self.read(fresh) == nil)
        #expect(Content(keys: 3, distances: 4, version: 4).save(fresh))
        let killed = try fresh.killed()
        _ = try killed.append("later")
        #expect(try Self.read(killed) != nil)
    }

    @Test func thatOfAnotherPartitionIsPassedOver() throws {
        let test = try Self.store(records: 5)
        _ = try test.append("other", "and another", to: TestStore.other)
        #expect(Content(keys: 1, distances: 1, version: 1).save(test))
        let file = try test.fileSystem.contents(of: Self.path)
        let other = Self.path.removingLastComponent().removingLastComponent().appending("1").appending("keys")
        try test.fileSystem.replaceContents(of: other, with: file)
        #expect(try test.log().openKeyIndex() != nil)
        #expect(try test.log(TestStore.other).openKeyIndex() == nil)
    }

    @Test func anOlderManifestIsNotTheOneThatItWasWrittenWith() throws {
        let test = try Self.store(records: 5)
        try test.log().changeManifest { $0.nextGeneration += 1 }
        #expect(Content(keys: 1, distances: 1, version: 5).save(test))
        #expect(try Self.read(test) != nil)
        try test.log().changeManifest { $0.nextGeneration -= 1 }
        #expect(try Self.read(test) == nil)
        try test.log().changeManifest { $0.nextGeneration += 5 }
        #expect(try Self.read(test) != nil)
    }

    /// Tombstones that it has not come to are gone: it may hold keys that they have deleted.
    @Test func whatHasMissedTombstonesIsPassedOver() throws {
        let test = try Self.store(records: 10)
        #expect(Content(keys: 1, distances: 1, version: 5, begun: 2).save(test))
        try test.log().changeManifest { manifest in
            manifest.compactedBelow = Offset(9)
            manifest.nextGeneration = 3
        }
        #expect(try Self.read(test) != nil)
        try test.log().changeManifest { $0.removedTombstones.note(below: Offset(5), by: 2) }
        #expect(try Self.read(test) != nil)
        try test.log().changeManifest { $0.removedTombstones.note(below: Offset(6), by: 2) }
        #expect(try Self.read(test) == nil)
        #expect(Content(keys: 1, distances: 1, version: 5, begun: 3).save(test))
        #expect(try Self.read(test) != nil)
        let killed = try test.killed()
        #expect(try Self.read(killed)?.facts.begun == 3)
        #expect(Content(keys: 1, distances: 1, version: 5, begun: 2).save(killed))
        #expect(try Self.read(killed) == nil)
    }

    @Test func aPartitionThatIsSetAsideNeitherWritesNorReadsIt() throws {
        let test = try Self.store(records: 5)
        let content = Content(keys: 1, distances: 1, version: 5)
        #expect(content.save(test))
        _ = try test.log().setAside(Quarantine(reason: "for the test", since: .epoch))
        #expect(try Self.read(test) == nil)
        #expect(!content.save(test))
    }

    @Test func whatIsNotWholeIsNotPutInPlace() throws {
        let test = try Self.store(records: 5)
        let content = Content(keys: 2, distances: 3, version: 5)
        #expect(content.save(test))
        let isSaved = test.store.saveKeyIndex(of: TestStore.key, content.facts) { writer throws(FileError) in
            for row in content.rows { try writer.append(row) }
        }
        #expect(!isSaved)
        #expect(try Self.read(test) == content)
        #expect(!test.fileSystem.paths.contains { $0.hasSuffix("keys.new") })
    }

    // MARK: Who else knows it

    @Test func aStartKnowsItAndTakesAwayHalfOfOne() throws {
        let test = try Self.store(records: 5)
        #expect(Content(keys: 1, distances: 1, version: 5).save(test))
        let half = FilePath(Self.path.string + ".new")
        try test.fileSystem.replaceContents(of: half, with: [1, 2, 3])
        let survivors = test.fileSystem.afterProcessDeath()
        var lines: [String] = []
        let store = try StoreWorkload.open(survivors, seed: 5) { lines.append($0) }
        #expect(!lines.contains { $0.contains("keys") }, "\(lines)")
        #expect(try Self.read(TestStore(fileSystem: survivors, store: store)) != nil)
        #expect(!survivors.paths.contains(half.string))
    }

    @Test func itGoesWithItsTopic() throws {
        let test = try Self.store(records: 5)
        #expect(Content(keys: 1, distances: 1, version: 5).save(test))
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(!Content(keys: 1, distances: 1, version: 5).save(test))
        try test.checkpoint()
        #expect(!test.fileSystem.paths.contains { $0.contains("keys") })
    }

    @Test func aCheckFindsADamagedOneAndARepairMovesItAway() throws {
        let test = try Self.store(records: 5)
        #expect(Content(keys: 2, distances: 3, version: 5).save(test))
        try test.store.close()
        let fileSystem = SimulatedFileSystem(test.fileSystem.image)
        func inspected<Value>(_ body: (DirectoryInspection, VerificationReport) throws -> Value) throws -> Value {
            let inspection = try DirectoryInspection(StoreWorkload.configuration, fileSystem: fileSystem)
            defer { inspection.close() }
            return try body(inspection, inspection.verify { _ in })
        }
        try inspected { #expect($1.findings.filter { $0.path == Self.path } == []) }
        try fileSystem.flipBit(of: Self.path, at: FilePosition(4110), bit: 1)
        try inspected { inspection, report in
            #expect(report.isSound && report.findings.contains { $0.path == Self.path && $0.severity == .derived })
            for step in RepairPlan(for: report, of: inspection).steps { try inspection.perform(step, now: .epoch) }
        }
        #expect(!fileSystem.paths.contains(Self.path.string))
        #expect(fileSystem.paths.contains { $0.hasSuffix("cut/keys") })
    }

    /// A repair that leaves records out leaves no index behind that names them.
    @Test func aRepairOfTheLogTakesItAway() throws {
        let test = try Self.store(records: 5)
        #expect(Content(keys: 2, distances: 3, version: 5).save(test))
        try test.store.close()
        let fileSystem = SimulatedFileSystem(test.fileSystem.image)
        try fileSystem.flipBit(of: test.segment(), at: FilePosition(66), bit: 1)
        let inspection = try DirectoryInspection(StoreWorkload.configuration, fileSystem: fileSystem)
        let report = inspection.verify { _ in }
        #expect(!report.isSound)
        for step in RepairPlan(for: report, of: inspection).steps { try inspection.perform(step, now: .epoch) }
        inspection.close()
        #expect(!fileSystem.paths.contains { $0.hasSuffix("/keys") })
        let repaired = try TestStore(fileSystem)
        #expect(try repaired.log().quarantine == nil)
        #expect(try Self.read(repaired) == nil)
    }
}
