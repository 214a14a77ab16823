import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// What a repair brings back, and what it leaves as it is: a directory that it calls sound is one that a start serves whole.
@Suite struct RepairTests {
    private static let directory = StoreWorkload.directory.appending("topics").appending(TestStore.topic.hex)
    private static let manifest = directory.appending("0").appending("manifest")

    private static func copy(_ fileSystem: SimulatedFileSystem) -> SimulatedFileSystem {
        SimulatedFileSystem(fileSystem.image)
    }

    private static func inspected<Value>(
        _ fileSystem: SimulatedFileSystem,
        _ body: (DirectoryInspection, VerificationReport) throws -> Value
    ) throws -> Value {
        let inspection = try DirectoryInspection(StoreWorkload.configuration, fileSystem: fileSystem)
        defer { inspection.close() }
        return try body(inspection, inspection.verify { _ in })
    }

    private static func verify(_ fileSystem: SimulatedFileSystem) throws -> VerificationReport {
        try inspected(fileSystem) { $1 }
    }

    private static func plan(_ fileSystem: SimulatedFileSystem) throws -> RepairPlan {
        try inspected(fileSystem) { RepairPlan(for: $1, of: $0) }
    }

    /// Repairs, and gives back the store that a start makes of it, which must serve everything.
    private static func repaired(_ fileSystem: SimulatedFileSystem) throws -> TestStore {
        try inspected(fileSystem) { inspection, report in
            #expect(!report.isSound)
            for step in RepairPlan(for: report, of: inspection).steps { try inspection.perform(step, now: .epoch) }
        }
        #expect(try verify(fileSystem).isSound)
        let store = try TestStore(fileSystem)
        #expect(try store.log().quarantine == nil)
        return store
    }

    private static func fill(_ test: TestStore, _ name: String) throws {
        for number in 0..<10 { _ = try test.append("\(name) \(number) " + String(repeating: "x", count: number * 7)) }
    }

    @Test(arguments: [true, false], [true, false])
    func aHoleBeforeTheLastSealedSegmentIsNoticedAndMended(isOlder: Bool, isStopped: Bool) throws {
        let test = try TestStore()
        try Self.fill(test, "first")
        try test.checkpoint()
        let older = try test.fileSystem.contents(of: Self.manifest)
        try Self.fill(test, "second")
        try test.checkpoint()
        // The checkpoint's row lists what is sealed now, and not what lies between that and the older manifest.
        try Self.fill(test, "third")
        if isStopped { try test.store.close() } else { try test.checkpoint() }
        let image = test.fileSystem.afterProcessDeath()
        let before = try TestStore(Self.copy(image)).values()
        if isOlder {
            try image.replaceContents(of: Self.manifest, with: older)
        } else {
            try image.unlink(Self.manifest)
        }
        let findings = try Self.verify(Self.copy(image)).findings
        #expect(findings.contains { $0.severity == .damage && $0.path == Self.manifest })
        let aside = try TestStore(image)
        #expect(try aside.log().quarantine?.reason.contains("manifest") == true)
        try aside.store.close()
        let after = try Self.repaired(Self.copy(image))
        #expect(try after.values() == before)
        #expect(try after.append("goes on").isCommitted)
    }

    @Test func aPartitionThatAnUncleanStartSetAsideComesBack() throws {
        let test = try TestStore()
        for value in ["a", "b"] { _ = try test.append(value) }
        try test.checkpoint()
        for value in ["c", "d"] { _ = try test.append(value) }
        let image = test.fileSystem.afterProcessDeath()
        let segment = test.segment()
        // The file holds what the journal holds, too: more than the checkpoint's row says.
        let content = try image.contents(of: segment)
        image.plan(.failure(.ioError), times: 9) { $0.kind == .write && $0.path == segment }
        let aside = try TestStore(image)
        #expect(try aside.log().quarantine != nil)
        try aside.store.close()
        let closed = Self.copy(image)
        let after = try Self.repaired(closed)
        #expect(try after.values() == ["a", "b", "c", "d"])
        #expect(try after.append("e").isCommitted)
        let kept = Self.directory.appending("0").appending("cut").appending("00000000000000000000.log")
        #expect(try closed.contents(of: kept) == content)
    }

    @Test(arguments: [0, 1])
    func bytesBehindAClosedSegmentAreToldAndCutOut(fromTheEnd: Int) throws {
        let test = try TestStore()
        try Self.fill(test, "first")
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        let before = try TestStore(Self.copy(image)).values()
        let segments = try Self.inspected(Self.copy(image)) { inspection, _ in
            inspection.partition(TestStore.key).segments
        }
        let segment = try #require(segments.dropLast(fromTheEnd).last)
        #expect(segment.isActive == (fromTheEnd == 0))
        let content = try image.contents(of: segment.path)
        try image.replaceContents(of: segment.path, with: content + [1, 2, 3])
        let end = UInt64(content.count)
        let finding = try #require(try Self.verify(Self.copy(image)).findings.first { $0.severity == .damage })
        #expect(finding.path == segment.path && finding.bytes == end..<end + 3)
        #expect(try TestStore(Self.copy(image)).log().quarantine != nil)
        let after = try Self.repaired(image)
        #expect(try after.values() == before)
        #expect(try after.append("goes on").isCommitted)
    }

    @Test func aDeletedPrefixStaysDeletedWhenRecordsAreTakenBack() throws {
        let test = try TestStore()
        for value in ["a", "b"] { _ = try test.append(value) }
        try test.checkpoint()
        for value in ["c", "d", "e"] { _ = try test.append(value) }
        let deletion = PrefixDeletion(key: TestStore.key, before: Offset(4))
        let outcomes = try test.store.commit([CommitRequest(appends: [], deletedPrefix: deletion)])
        #expect(outcomes.map(\.isCommitted) == [true])
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.segment())
        let aside = try TestStore(image)
        #expect(try aside.log().watermarks.logStart.offset == Offset(2))
        try aside.store.close()
        let after = try Self.repaired(Self.copy(image))
        #expect(try after.log().watermarks.logStart.offset == Offset(4))
        #expect(try after.values(from: 4) == ["e"])
        #expect(try after.killed().log().watermarks.logStart.offset == Offset(4))
    }

    @Test func aManifestOfANewerVersionIsLeftAsItIs() throws {
        let test = try TestStore()
        try Self.fill(test, "first")
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        var content = try image.contents(of: Self.manifest)
        content[11] = 99
        try image.replaceContents(of: Self.manifest, with: content)
        #expect(throws: StorageError.self) { try TestStore(Self.copy(image)) }
        let plan = try Self.plan(image)
        #expect(plan.steps.isEmpty)
        #expect(plan.hopeless.first?.finding.path == Self.manifest)
        #expect(plan.hopeless.first?.finding.what.contains("has format 99") == true)
    }

    @Test func aPartitionWithoutItsDirectoryIsLeftWithAdvice() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        for name in try image.list(Self.directory.appending("0")) {
            try image.unlink(Self.directory.appending("0").appending(name))
        }
        try image.removeDirectory(Self.directory.appending("0"))
        let plan = try Self.plan(image)
        #expect(plan.steps.isEmpty)
        #expect(plan.hopeless.map(\.finding.path) == [Self.directory.appending("0")])
        #expect(plan.hopeless.first?.advice.contains("copy") == true)
    }

    @Test func nothingIsDoneBesideSavedRecordsThatCannotBeRead() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.checkpoint()
        _ = try test.append("b")
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.segment())
        try TestStore(image).store.close()
        let closed = Self.copy(image)
        let names = try closed.list(Self.directory.appending("0")).filter { $0.hasPrefix("salvage.") }
        let salvage = Self.directory.appending("0").appending(try #require(names.first))
        try closed.flipBit(of: salvage, at: FilePosition(60), bit: 3)
        let plan = try Self.plan(closed)
        #expect(plan.steps.isEmpty)
        #expect(plan.hopeless.map(\.finding.path) == [salvage])
        #expect(plan.hopeless.first?.advice.contains("copy") == true)
    }
}
