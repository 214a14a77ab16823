import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Every file of our own truncated and flipped: a typed error, or (cut behind its end) the same meaning.
///
/// Never a trap.
@Suite struct DecoderFuzzTests {
    static let directory = [UInt8](repeating: 3, count: 16)
    static let path: FilePath = "/data/file"
    static let sealed = SealedSegment(
        base: Offset(0),
        end: Offset(5),
        size: FilePosition(700),
        maxTimestamp: 12,
        sealedAt: Timestamp(millisecondsSinceEpoch: 13),
        generation: 3,
        checksums: .init(log: 1, index: 2, timeIndex: 3),
        versionsChecksum: 4
    )
    static let row = PartitionRow(
        key: TestStore.key,
        activeBase: Offset(5),
        position: FilePosition(44),
        end: Offset(6),
        logStart: .zero,
        maxTimestamp: 9,
        activeSince: Timestamp(millisecondsSinceEpoch: 8),
        sealed: [sealed],
        epochs: [EpochStart(epoch: LeaderEpoch(2), first: Offset(5))],
        quarantine: Quarantine(reason: "a file is missing", since: .epoch)
    )

    /// Each kind of file: its bytes, and a decoder.
    static let files: [(name: String, bytes: ByteBuffer, decode: @Sendable (ByteBuffer) throws -> Void)] = {
        let meta = StoreMeta(
            directoryID: directory,
            clusterID: directory,
            nodeID: 1,
            secretKey: directory + directory,
            coordinatorShards: 4
        )
        let topic = StoredTopic(
            id: TestStore.topic,
            name: TopicName(internal: "orders"),
            partitionCount: 2,
            settings: ["a": "b"]
        )
        var manifest = Manifest()
        manifest.sealed = [sealed]
        manifest.end = sealed.end
        manifest.epochs = row.epochs
        manifest.retired = [SegmentID(base: Offset(0), generation: 0)]
        let record = CheckpointRecord(
            generation: 4,
            lsn: LSN(4096),
            run: LeaderEpoch(2),
            isClean: false,
            nextProducer: (1 << 62) + 4,
            rows: [row]
        )
        var names = ProducerRegistry(next: (1 << 62) + 4, savedAt: .epoch)
        names.restore(1 << 62, ProducerRegistryTests.name("a"), lastUsed: .epoch)
        let ring = RingGeometry(id: directory, block: 4096, ringBytes: 65536, frameBytesMax: 16384)
        return [
            ("meta", meta.encoded(), { _ = try StoreMeta(decoding: $0, path: path) }),
            (
                "topic", topic.encoded(directory: directory),
                { _ = try StoredTopic(decoding: $0, directory: directory, path: path) }
            ),
            (
                "manifest", manifest.encoded(directory: directory, key: TestStore.key),
                { _ = try Manifest(decoding: $0, directory: directory, key: TestStore.key, path: path) }
            ),
            (
                "checkpoint", record.encoded(directory: directory),
                { _ = try CheckpointRecord(decoding: $0, directory: directory, path: path) }
            ),
            (
                "ring", ring.encoded(directory: directory),
                { _ = try RingGeometry(decoding: $0, directory: directory, path: path) }
            ),
            (
                "producers", names.encoded(directory: directory, at: .epoch),
                { _ = try ProducerRegistry(decoding: $0, directory: directory, path: path, now: .epoch) }
            ),
            (
                "snapshot", ProducerFormatTests.snapshot.encoded(directory: directory),
                { _ = try ProducerSnapshot(decoding: $0, directory: directory, path: path) }
            ),
        ]
    }()

    @Test(arguments: files.indices)
    func everyFlipAndEveryTruncationIsRefused(index: Int) throws {
        let (name, bytes, decode) = Self.files[index]
        try decode(bytes)
        for position in 0..<bytes.readableBytes {
            #expect(throws: StorageError.self, "\(name) cut at \(position)") {
                try decode(bytes.getSlice(at: 0, length: position) ?? ByteBuffer())
            }
            for bit in 0..<8 {
                var flipped = bytes
                let byte: UInt8 = bytes.getInteger(at: position) ?? 0
                flipped.setInteger(byte ^ (1 << bit), at: position)
                #expect(throws: StorageError.self, "\(name) flipped at \(position), bit \(bit)") { try decode(flipped) }
            }
        }
        var longer = bytes
        longer.writeString("more")
        try decode(longer)
    }

    @Test func entriesOfAnyBytesAreRefusedOrRead() {
        var random = SplitMix64(seed: 1)
        for _ in 0..<2000 {
            var bytes = random.bytes(random.below(200))
            // Kinds and versions that exist, so that the lengths are reached.
            if bytes.count > 8 {
                bytes[0] = [1, 2, 5, 6][random.below(4)]
                bytes[1] = 1
                bytes[4] = 0
                bytes[5] = 0
                bytes[6] = 0
            }
            let count = random.below(4)
            bytes.withUnsafeBytes { body in
                do throws(StorageError) {
                    try FrameEntry.forEach(in: body, count: count, at: (Self.path, .zero)) { entry in
                        guard let found = entry.segmentBytes else { return }
                        #expect(found.bytes.upperBound <= body.count)
                    }
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }
}
