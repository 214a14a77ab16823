import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Rolls into a file that the flusher has made.
@Suite struct SpareFileTests {
    private static let value = String(repeating: "x", count: 300)

    private var spare: FilePath {
        StoreWorkload.directory.appending("topics").appending(TestStore.topic.hex).appending("0").appending("spare.log")
    }

    /// A store whose partition has one segment, more than half full, and a spare file.
    private func prepared() throws -> TestStore {
        let test = try TestStore()
        _ = try test.append(Self.value)
        try test.checkpoint()
        #expect(try test.fileSystem.kind(of: spare) == .file)
        return test
    }

    @Test func aRollTakesTheSpareWithoutTouchingADirectory() throws {
        let test = try prepared()
        let before = test.fileSystem.callCount
        _ = try test.append(Self.value)
        let calls = test.fileSystem.calls[before...].map(\.kind)
        #expect(Set(calls).isSubset(of: [.read, .write, .directWrite, .flush]))
        #expect(try test.values() == [Self.value, Self.value])
        #expect(try test.fileSystem.kind(of: test.segment(1)) == nil)
        try test.checkpoint()
        #expect(try test.fileSystem.kind(of: test.segment(1)) == .file)
        // The new segment is more than half full at once, so the next spare is there.
        #expect(try test.fileSystem.kind(of: spare) == .file)
    }

    @Test func twoRollsBetweenCheckpointsMakeTheSecondFileThemselves() throws {
        let test = try prepared()
        for _ in 0..<3 { _ = try test.append(Self.value) }
        #expect(try test.fileSystem.kind(of: test.segment(1)) == nil)
        #expect(try test.fileSystem.kind(of: test.segment(2)) == .file)
        // While a segment lives under the spare's name no other file may take it.
        try test.log().prepareSpare(segmentBytesMax: ByteCount(1))
        #expect(try test.values().count == 4)
        try test.checkpoint()
        #expect(try test.killed().values().count == 4)
    }

    @Test func aRefusedRoundLeavesTheSpareEmptyAndThere() throws {
        let test = try prepared()
        let spare = spare
        test.fileSystem.plan(.shortWrite(ByteCount(10), .noSpace)) { $0.kind == .write && $0.path == spare }
        #expect(try test.append(Self.value).isCommitted == false)
        #expect(try test.fileSystem.contents(of: spare).isEmpty)
        #expect(try test.append("b", Self.value).isCommitted)
        #expect(try test.values() == [Self.value, "b", Self.value])
        try test.checkpoint()
        #expect(try test.killed().values() == [Self.value, "b", Self.value])
    }

    @Test func aStartWritesTheSegmentUnderItsNameAndRemovesTheSpare() throws {
        let test = try prepared()
        _ = try test.append(Self.value)
        let again = try test.killed()
        #expect(try again.values() == [Self.value, Self.value])
        #expect(try again.fileSystem.kind(of: spare) == nil)
        #expect(try again.fileSystem.kind(of: test.segment(1)) == .file)
    }

    @Test func aStopInOrderLeavesNoSpare() throws {
        let test = try prepared()
        try test.store.close()
        #expect(try test.fileSystem.kind(of: spare) == nil)
        #expect(try TestStore(test.fileSystem).values() == [Self.value])
    }
}
