import Foundation
import NIOCore
import RecordFormat

/// The golden batches of data/golden/record-batch-v2, with what each holds.
enum GoldenBatch: String, CaseIterable, Sendable {
    case single, mixed, long, many, gzip
    /// As compaction leaves them.
    case sparse, horizon
    case sparseGzip = "sparse-gzip"

    /// The files with a record for every offset.
    static let dense: [GoldenBatch] = [.single, .mixed, .long, .many, .gzip]

    /// 2026-11-21T10:00:00.120Z, the files' T.
    static let time: Int64 = 1_795_255_200_120

    /// The file's bytes, found by walking up from this source file to the folder that holds data/.
    var bytes: ByteBuffer {
        get throws {
            var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            while folder.path != "/" {
                folder.deleteLastPathComponent()
                let file = folder.appendingPathComponent("data/golden/record-batch-v2/\(rawValue).bin")
                if FileManager.default.fileExists(atPath: file.path) {
                    return ByteBuffer(bytes: try Data(contentsOf: file))
                }
            }
            throw CocoaError(.fileNoSuchFile)
        }
    }

    /// The batch, verified.
    var batch: RecordBatch {
        get throws { try RecordBatch(verifying: bytes) }
    }

    /// What data/golden/record-batch-v2/README.md says the file holds.
    var records: [DecodedRecord] {
        switch self {
        case .single: [record(0, at: 0, nil, "x")]
        case .mixed: mixedRecords
        case .long: longRecords
        case .many: (0..<130).map { record($0, after: Int64($0), nil, "\($0)") }
        case .gzip: (0..<40).map(gzipRecord)
        case .sparse: sparseRecords
        case .horizon: horizonRecords
        case .sparseGzip: stride(from: 1, to: 40, by: 3).map(gzipRecord)
        }
    }

    /// How far the last offset lies behind the first.
    var lastOffsetDelta: Int32 {
        switch self {
        case .sparse: 11
        case .horizon: 5
        case .sparseGzip: 39
        case .single, .mixed, .long, .many, .gzip: Int32(records.count - 1)
        }
    }

    /// What the timestamp deltas start from.
    var baseTimestamp: Timestamp? {
        switch self {
        case .horizon: Timestamp(millisecondsSinceEpoch: Self.time + 86_400_000)
        case .sparse, .sparseGzip: Timestamp(millisecondsSinceEpoch: Self.time)
        case .single, .mixed, .long, .many, .gzip: records.first?.timestamp
        }
    }

    private var sparseRecords: [DecodedRecord] {
        [
            record(1, after: 1, "k1", "v1"),
            record(4, after: -4, "k0", nil),
            record(9, after: 9, nil, "v9", [header("h", "x")]),
        ]
    }

    private var horizonRecords: [DecodedRecord] {
        [
            record(0, after: 0, "u0", "v0"),
            record(2, after: 2, "u2", nil),
            record(4, after: 4, "u4", "v4", [header("n", nil)]),
        ]
    }

    private var mixedRecords: [DecodedRecord] {
        let headers: [RecordHeader] = [
            header("über", "€"), header("empty", ""), header("null", nil), header("ct", "v1"), header("ct", "v2"),
        ]
        return [
            record(0, after: 0, "u1", #"{"amount":12}"#, [header("ct", "v2")]),
            record(1, after: 1, nil, "no key"),
            record(2, after: 2, "u2", nil),
            record(3, after: -5000, nil, nil),
            record(4, after: 3, "schlüssel-鍵", "値 🌊", headers),
            record(5, after: 86_400_000, "", ""),
        ]
    }

    private var longRecords: [DecodedRecord] {
        func repeated(_ character: Character, _ count: Int) -> String { String(repeating: character, count: count) }
        var first = record(0, after: 0, repeated("k", 200), nil, [header(repeated("h", 70), repeated("v", 130))])
        first.value = ByteBuffer(bytes: (0..<1500).map { UInt8($0 % 251) })
        return [
            first,
            record(1, after: 1 << 33, repeated("k", 63), repeated("v", 64)),
            record(2, after: -(1 << 40), repeated("k", 64), repeated("v", 63)),
        ]
    }

    private func gzipRecord(_ index: Int) -> DecodedRecord {
        let value = "{\"n\":\(index),\"text\":\"the same words again and again\"}"
        return record(index, after: Int64(index), "key-\(index % 4)", value, [header("i", "\(index)")])
    }

    private func record(
        _ index: Int,
        after delta: Int64,
        _ key: String?,
        _ value: String?,
        _ headers: [RecordHeader] = []
    ) -> DecodedRecord {
        record(index, at: Self.time + delta, key, value, headers)
    }

    private func record(
        _ index: Int,
        at milliseconds: Int64,
        _ key: String?,
        _ value: String?,
        _ headers: [RecordHeader] = []
    ) -> DecodedRecord {
        DecodedRecord(
            offset: Offset(Int64(index)),
            timestamp: Timestamp(millisecondsSinceEpoch: milliseconds),
            key: key.map { ByteBuffer(string: $0) },
            value: value.map { ByteBuffer(string: $0) },
            headers: headers
        )
    }

    private func header(_ name: String, _ value: String?) -> RecordHeader {
        RecordHeader(name: ByteBuffer(string: name), value: value.map { ByteBuffer(string: $0) })
    }
}
