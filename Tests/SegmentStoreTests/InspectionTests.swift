import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// The tools that look at a directory no broker holds: what they tell, and what a repair leaves.
@Suite struct InspectionTests {
    /// A directory of several segments, closed in order.
    private static func closed() throws -> SimulatedFileSystem {
        let test = try TestStore()
        for number in 0..<14 {
            _ = try test.append("value \(number) " + String(repeating: "x", count: number * 13 % 60))
        }
        _ = try test.append("other", to: TestStore.other)
        try test.checkpoint()
        try test.store.close()
        return SimulatedFileSystem(test.fileSystem.image)
    }

    private static func inspect(_ fileSystem: SimulatedFileSystem) throws -> DirectoryInspection {
        try DirectoryInspection(StoreWorkload.configuration, fileSystem: fileSystem)
    }

    private static func verify(_ fileSystem: SimulatedFileSystem) throws -> VerificationReport {
        let inspection = try inspect(fileSystem)
        defer { inspection.close() }
        return inspection.verify { _ in }
    }

    /// Plans and carries out a repair, and gives back what its steps said would be lost.
    private static func repair(_ fileSystem: SimulatedFileSystem) throws -> [String] {
        let inspection = try inspect(fileSystem)
        defer { inspection.close() }
        let plan = RepairPlan(for: inspection.verify { _ in }, of: inspection)
        #expect(plan.hopeless.isEmpty)
        for step in plan.steps { try inspection.perform(step, now: .epoch) }
        return plan.steps.compactMap(\.loses)
    }

    /// A copy that somebody made beside the topics is not called half made: no start would take it away.
    @Test(arguments: [("backup.new", false), ("00112233445566778899aabbccddeeff.new", true)] as [(String, Bool)])
    func onlyItsOwnLeftoversAreSaidToGo(_ name: String, _ isLeftover: Bool) throws {
        let fileSystem = try Self.closed()
        try fileSystem.createDirectory(StoreWorkload.directory.appending("topics").appending(name))
        let notes = try Self.verify(fileSystem).findings.filter { $0.path.lastComponent?.string == name }.map(\.what)
        #expect(notes.count == 1)
        #expect(notes.allSatisfy { $0.contains("the next start takes it away") == isLeftover }, "\(notes)")
    }

    @Test func aSoundDirectoryIsTold() throws {
        let inspection = try Self.inspect(try Self.closed())
        defer { inspection.close() }
        let facts = inspection.partition(TestStore.key)
        #expect(facts.logStart == .zero)
        #expect(facts.end == Offset(14))
        #expect(facts.segments.count > 2)
        #expect(facts.segments.last?.isActive == true)
        #expect(zip(facts.segments, facts.segments.dropFirst()).allSatisfy { $0.end == $1.base })
        #expect(inspection.slots.compactMap(\.generation).count == 2)
        let journal = try inspection.journal()
        #expect(journal.damage == nil)
        var steps = 0
        let report = inspection.verify { _ in steps += 1 }
        #expect(report.findings == [])
        #expect(report.recordCount == 15)
        #expect(report.partitionCount == 2)
        #expect(steps >= report.segmentCount)
    }

    @Test func aDirectoryInUseIsRefused() throws {
        let test = try TestStore()
        #expect(throws: StorageError.self) { try Self.inspect(test.fileSystem) }
        try test.store.close()
        let inspection = try Self.inspect(test.fileSystem)
        #expect(throws: StorageError.self) { try StoreWorkload.open(test.fileSystem, seed: 5) }
        inspection.close()
    }

    @Test func somethingElsesDirectoryIsRefused() throws {
        let fileSystem = SimulatedFileSystem()
        #expect(throws: StorageError.self) { try Self.inspect(fileSystem) }
    }

    @Test func everyFlippedByteOfASegmentIsToldWithItsPlace() async throws {
        let wrong = try await onItsOwnThread { try Self.flipEverySegmentByte() }
        #expect(wrong == [])
    }

    private static func flipEverySegmentByte() throws -> [String] {
        let image = try closed().image
        let segments = try inspect(SimulatedFileSystem(image)).partition(TestStore.key).segments
        var wrong: [String] = []
        for segment in segments.prefix(2) + segments.suffix(1) {
            for position in stride(from: 0, to: segment.size.value, by: 3) {
                let fileSystem = SimulatedFileSystem(image)
                let place = UInt64(position)
                try fileSystem.flipBit(of: segment.path, at: FilePosition(place), bit: position % 8)
                let report = try verify(fileSystem)
                let isTold = report.findings.contains { finding in
                    finding.path == segment.path && finding.bytes?.contains(place) == true
                }
                // The leader epoch lies outside the checksum; only the checksum of a sealed file covers it.
                if !isTold, !isLeaderEpoch(position, in: segment, image) {
                    wrong.append("\(segment.path) byte \(position): \(report.findings)")
                }
            }
        }
        return wrong
    }

    /// Whether a byte is a batch's leader epoch.
    private static func isLeaderEpoch(_ position: Int, in segment: SegmentFacts, _ image: SimulatedImage) -> Bool {
        guard let bytes = try? SimulatedFileSystem(image).contents(of: segment.path) else { return false }
        var start = 0
        while start + BatchHeader.size <= bytes.count {
            let length = bytes.withUnsafeBytes {
                RecordBatch.length(inPrefix: UnsafeRawBufferPointer(rebasing: $0[start...]))
            }
            guard let length else { return false }
            if position < start + length { return (12..<16).contains(position - start) }
            start += length
        }
        return false
    }

    @Test func aDamagedBatchIsCutOutAndKept() throws {
        let fileSystem = try Self.closed()
        let before = try TestStore(SimulatedFileSystem(fileSystem.image)).values()
        let segment = try #require(
            try Self.inspect(SimulatedFileSystem(fileSystem.image)).partition(TestStore.key).segments.first
        )
        try fileSystem.flipBit(of: segment.path, at: FilePosition(70), bit: 1)
        let damaged = try fileSystem.contents(of: segment.path)
        let report = try Self.verify(fileSystem)
        #expect(!report.isSound)
        #expect(report.lostCount == 1)
        #expect(report.findings.first?.bytes?.contains(70) == true)
        #expect(try Self.repair(fileSystem) == ["the records at offsets 0 to 0 of \(TestStore.key)"])
        let kept = fileSystem.paths.filter { $0.contains("/cut/") && $0.hasSuffix(".log") }
        #expect(kept.count == 1)
        #expect(try fileSystem.contents(of: FilePath(kept[0])) == damaged)
        #expect(try Self.verify(fileSystem).isSound)
        let after = try TestStore(SimulatedFileSystem(fileSystem.image))
        #expect(try after.log().quarantine == nil)
        #expect(try after.values() == Array(before.dropFirst()))
        #expect(try after.append("goes on").isCommitted)
    }

    @Test func aDamagedActiveSegmentIsSealedByItsRepair() throws {
        let fileSystem = try Self.closed()
        let before = try TestStore(SimulatedFileSystem(fileSystem.image)).values()
        let active = try #require(
            try Self.inspect(SimulatedFileSystem(fileSystem.image)).partition(TestStore.key).segments.last
        )
        try fileSystem.replaceContents(of: active.path, with: [])
        #expect(try Self.verify(fileSystem).lostCount == active.end - active.base)
        _ = try Self.repair(fileSystem)
        #expect(try Self.verify(fileSystem).isSound)
        let after = try TestStore(SimulatedFileSystem(fileSystem.image))
        #expect(try after.values() == Array(before.prefix(Int(active.base.value))))
        #expect(try after.append("goes on").isCommitted)
        #expect(try after.values(from: active.end.value) == ["goes on"])
        let again = try after.killed()
        #expect(try again.values(from: active.end.value) == ["goes on"])
    }

    @Test func aMissingManifestIsMadeAgain() throws {
        let fileSystem = try Self.closed()
        let before = try TestStore(SimulatedFileSystem(fileSystem.image)).values()
        let manifest = fileSystem.paths.filter { $0.contains("/0/") && $0.hasSuffix("manifest") }
        try fileSystem.unlink(FilePath(try #require(manifest.first)))
        #expect(try TestStore(SimulatedFileSystem(fileSystem.image)).log().quarantine != nil)
        #expect(!(try Self.verify(fileSystem).isSound))
        _ = try Self.repair(fileSystem)
        #expect(try Self.verify(fileSystem).isSound)
        let after = try TestStore(SimulatedFileSystem(fileSystem.image))
        #expect(try after.log().quarantine == nil)
        #expect(try after.values() == before)
    }

    @Test func anIndexThatLeadsAstrayIsTold() throws {
        let fileSystem = try Self.closed()
        let index = try #require(fileSystem.paths.first { $0.contains("/0/") && $0.hasSuffix(".index") })
        try fileSystem.replaceContents(of: FilePath(index), with: [0, 0, 0, 9, 0, 0, 0, 1])
        let report = try Self.verify(fileSystem)
        #expect(report.isSound)
        #expect(report.findings.map(\.severity) == [.derived])
        #expect(try Self.repair(fileSystem).isEmpty)
        #expect(try Self.verify(fileSystem).findings.map(\.severity) == [.note])
    }

    @Test func savedRecordsAreTakenBack() throws {
        let test = try TestStore()
        for value in ["a", "b"] { _ = try test.append(value) }
        try test.checkpoint()
        for value in ["c", "d"] { _ = try test.append(value) }
        let fileSystem = test.fileSystem.afterProcessDeath()
        try fileSystem.unlink(test.segment())
        let aside = try TestStore(fileSystem)
        #expect(try aside.log().quarantine != nil)
        try aside.store.close()
        let closed = SimulatedFileSystem(fileSystem.image)
        let report = try Self.verify(closed)
        #expect(report.findings.contains { $0.path.string.contains("salvage.") && $0.what.contains("2 batches") })
        #expect(report.lostCount == 2)
        #expect(try Self.repair(closed) == ["the records at offsets 0 to 1 of \(TestStore.key)"])
        #expect(try Self.verify(closed).isSound)
        let after = try TestStore(closed)
        #expect(try after.log().quarantine == nil)
        #expect(try after.values() == ["c", "d"])
        #expect(try after.append("e").isCommitted)
        #expect(try after.values(from: 2) == ["c", "d", "e"])
    }
}
