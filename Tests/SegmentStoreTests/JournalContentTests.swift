import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

@Suite struct JournalContentTests {
    @Test func aBatchInAFrameIsNoted() throws {
        var content = JournalContent(end: LSN(0))
        try note(StoreWorkload.batch(["a", "b", "c"]), in: &content)
        #expect(content.appendedPartitions == [TestStore.key])
    }

    /// Only compaction leaves gaps, and it never writes to the journal: offsets would be given out wrongly.
    @Test func aBatchWithGapsIsNoBatchOfAFrame() throws {
        var content = JournalContent(end: LSN(0))
        let dense = StoreWorkload.batch(["a", "b", "c"])
        for gone in 0..<3 {
            let sparse = try #require(try dense.filtered { record, _ in record.offset != Offset(Int64(gone)) })
            #expect(throws: StorageError.self) { try note(sparse, in: &content) }
        }
        #expect(content.appendedPartitions.isEmpty)
    }

    private func note(_ batch: RecordBatch, in content: inout JournalContent) throws {
        try batch.bytes.withUnsafeReadableBytes { body in
            let entry = FrameEntry.SegmentBytes(
                key: TestStore.key,
                segmentBase: .zero,
                position: .zero,
                offset: .zero,
                bytes: 0..<body.count
            )
            try content.note(.batch(entry), body: body, place: (path: FilePath("/journal"), position: .zero))
        }
    }
}
