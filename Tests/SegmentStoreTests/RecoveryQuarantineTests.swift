import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Partitions that a start cannot serve whole: set aside, their records saved, and the others go on.
@Suite struct RecoveryQuarantineTests {
    /// One record below the checkpoint, two above it, and some in the other partition.
    private static func lived() throws -> TestStore {
        let test = try TestStore()
        _ = try test.append("below")
        try test.checkpoint()
        _ = try test.append("above 1")
        _ = try test.append("theirs", to: TestStore.other)
        _ = try test.append("above 2")
        return test
    }

    private static func values(of salvage: Salvage) throws -> [String] {
        try salvage.batches.flatMap { entry in
            try RecordBatch(verifying: entry.bytes).decodedRecords().map { String(buffer: $0.value ?? ByteBuffer()) }
        }
    }

    private func expectSetAside(_ after: TestStore, because word: String) throws {
        let log = try after.log()
        #expect(log.quarantine?.reason.contains(word) == true, "\(String(describing: log.quarantine))")
        #expect(log.watermarks.visible.offset == Offset(1))
        let salvage = try #require(try log.salvage().last)
        #expect(try Self.values(of: salvage) == ["above 1", "above 2"])
        #expect(salvage.end == Offset(1))
        guard case .refused(.quarantined) = try after.append("more") else {
            Issue.record("a quarantined partition took a record")
            return
        }
        #expect(try after.values(TestStore.other).first == "theirs")
        #expect(try after.append("more", to: TestStore.other).isCommitted)
    }

    @Test func aMissingFileIsQuarantinedAndItsRecordsAreSaved() throws {
        let image = try Self.lived().fileSystem.afterProcessDeath()
        let test = try Self.lived()
        try image.unlink(test.segment())
        try expectSetAside(TestStore(image), because: "is missing")
    }

    @Test func aMissingDirectoryIsQuarantinedAndItsRecordsAreSaved() throws {
        let test = try Self.lived()
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.segment())
        try image.removeDirectory(test.segment().removingLastComponent())
        try expectSetAside(TestStore(image), because: "is missing")
    }

    @Test func aShortFileIsNeitherExtendedNorCut() throws {
        let test = try Self.lived()
        let image = test.fileSystem.afterProcessDeath()
        try image.replaceContents(of: test.segment(), with: Array(image.contents(of: test.segment()).prefix(20)))
        let after = try TestStore(image)
        try expectSetAside(after, because: "were flushed")
        #expect(try after.fileSystem.contents(of: test.segment()).count == 20)
    }

    @Test(arguments: [SimulatedCall.Kind.write, .flush, .open])
    func aFileThatCannotBeWrittenIsQuarantined(kind: SimulatedCall.Kind) throws {
        let test = try Self.lived()
        let image = test.fileSystem.afterProcessDeath()
        let segment = test.segment()
        image.plan(.failure(.ioError), times: 9) { $0.kind == kind && $0.path == segment }
        let after = try TestStore(image)
        try expectSetAside(after, because: ".log")
        // The next start finds the file in order, but its records are elsewhere.
        let again = try TestStore(after.fileSystem.afterProcessDeath())
        try expectSetAside(again, because: ".log")
    }

    @Test func aFullVolumeRefusesTheStartAndHarmsNothing() throws {
        let test = try Self.lived()
        let image = test.fileSystem.afterProcessDeath()
        let segment = test.segment()
        // Also when the ballast was let go.
        image.plan(.failure(.noSpace), times: 2) { $0.kind == .write && $0.path == segment }
        #expect(throws: StorageError.self) { try TestStore(image) }
        #expect(try TestStore(image.afterProcessDeath()).values() == ["below", "above 1", "above 2"])
    }

    @Test(arguments: [FlushSite.salvage, .salvageName])
    func aStartThatCannotSaveRecordsIsRefused(site: FlushSite) throws {
        let test = try Self.lived()
        let image = test.fileSystem.afterProcessDeath()
        let content = try image.contents(of: test.segment())
        try image.unlink(test.segment())
        image.plan(.failure(.ioError)) { $0.site == site }
        #expect(throws: StorageError.self) { try TestStore(image) }
        // Nothing was recorded: with the file back, nothing is lost but what the salvage file says.
        let repaired = image.afterProcessDeath()
        try repaired.replaceContents(of: test.segment(), with: content)
        for name in try repaired.list(test.segment().removingLastComponent()) where name.hasPrefix("salvage.") {
            try repaired.unlink(test.segment().removingLastComponent().appending(name))
        }
        #expect(try TestStore(repaired).values() == ["below", "above 1", "above 2"])
    }

    @Test func salvageSurvivesEveryPowerCutOfTheStartThatMadeIt() async throws {
        #expect(try await onItsOwnThread { try Self.cutDuringSalvage() } == [])
    }

    private static func cutDuringSalvage() throws -> [String] {
        let test = try lived()
        let recovery = test.fileSystem.afterProcessDeath()
        try recovery.unlink(test.segment())
        recovery.startRecording()
        _ = try TestStore(recovery)
        var wrongs: [String] = []
        for moment in recovery.moments {
            for (seed, cut) in [(UInt64(1), SimulatedPowerCut.losesAll), (2, .keepsAll), (3, .drawn), (4, .drawn)] {
                let why = "cut after \(moment.after?.description ?? "nothing"), \(cut) \(seed)"
                do {
                    let after = try TestStore(SimulatedFileSystem(moment.image.survivors(seed: seed, cut)))
                    // The cut may bring the file back that was removed: then everything is there.
                    let saved = try after.log().salvage().last.map { try values(of: $0) }
                    let found = try after.log().quarantine == nil ? Array(after.values().dropFirst()) : saved
                    if found != ["above 1", "above 2"] { wrongs.append("\(why): saved \(saved ?? [])") }
                    if try after.values(TestStore.other) != ["theirs"] { wrongs.append("\(why): the other") }
                } catch {
                    wrongs.append("\(why): \(error)")
                }
            }
        }
        return wrongs
    }

    @Test func aFilePutBackEndsAQuarantineWithoutSalvage() throws {
        let test = try TestStore()
        _ = try test.append("a")
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        let content = try image.contents(of: test.segment())
        try image.unlink(test.segment())
        let without = try TestStore(image)
        let since = try #require(try without.log().quarantine).since
        try without.store.close()
        let back = image.afterProcessDeath()
        try back.replaceContents(of: test.segment(), with: content.map { $0 ^ 1 })
        let damaged = try TestStore(back)
        #expect(try damaged.log().quarantine?.since == since)
        try damaged.store.close()
        let whole = back.afterProcessDeath()
        try whole.replaceContents(of: test.segment(), with: content)
        let after = try TestStore(whole)
        #expect(try after.log().quarantine == nil)
        #expect(try after.append("b").isCommitted)
        #expect(try after.values() == ["a", "b"])
    }

    @Test func leftoversAreRemovedAndStrangersAreLeft() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let directory = test.segment().removingLastComponent()
        let image = test.fileSystem.afterProcessDeath()
        let strangers = ["notes.txt", "00000000000000000007.backup"]
        for name in strangers + ["spare.log", "manifest.new", "00000000000000000009.index"] {
            try image.replaceContents(of: directory.appending(name), with: [1])
        }
        try image.createDirectory(directory.appending("g7"))
        try image.replaceContents(of: directory.appending("g7").appending("00000000000000000000.log"), with: [1])
        try image.createDirectory(test.path("topics").appending("photos"))
        let lines = Lines()
        _ = try StoreWorkload.open(image, seed: 5) { lines.texts.append($0) }
        let names = try image.list(directory)
        #expect(names == (["00000000000000000000.log"] + strangers).sorted())
        for name in strangers + ["photos"] {
            #expect(lines.texts.contains { $0.contains(name) && $0.contains("left alone") }, "\(name)")
        }
    }

    @Test func runsAreListedAndTellWhereTheyEnd() throws {
        let test = try TestStore()
        _ = try test.append("a", "b")
        let second = try test.killed()
        _ = try second.append("c")
        try second.checkpoint()
        let third = try second.killed().killed()
        _ = try third.append("d")
        let log = try third.log()
        #expect(log.epochs.map { [Int64($0.epoch.value), $0.first.value] } == [[1, 0], [2, 2], [4, 3]])
        #expect(log.end(of: LeaderEpoch(1))?.end == Offset(2))
        #expect(log.end(of: LeaderEpoch(3))?.end == Offset(3))
        #expect(log.end(of: LeaderEpoch(3))?.epoch == LeaderEpoch(2))
        #expect(log.end(of: LeaderEpoch(4))?.end == Offset(4))
        #expect(log.end(of: LeaderEpoch(0)) == nil)
    }
}

/// What a start reports.
final class Lines {
    var texts: [String] = []
}
