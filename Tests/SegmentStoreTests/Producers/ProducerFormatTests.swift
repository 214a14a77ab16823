import BrokerTestSupport
import Foundation
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// The bytes of what is kept of producers, against files that another program wrote from the drawings.
@Suite struct ProducerFormatTests {
    static let directory = Array(UInt8(0)..<16)
    static let path: FilePath = "/data/file"
    static let time = Timestamp(millisecondsSinceEpoch: 1_795_255_200_120)

    static let snapshot = ProducerSnapshot(
        key: PartitionKey(topic: TopicID(high: 7, low: 9), partition: PartitionIndex(3)),
        run: LeaderEpoch(4),
        offset: Offset(100),
        producers: PartitionProducers(
            windows: [
                (1 << 62) + 1: .init(
                    epoch: 2,
                    shares: [
                        .init(sequence: 5, base: Offset(10), count: 2, checksum: 0xDEAD_BEEF),
                        .init(sequence: 7, base: Offset(90), count: 10, checksum: 1),
                    ]
                ),
                (1 << 62) + 9: .init(
                    epoch: 0,
                    shares: [.init(sequence: 0, base: Offset(12), count: 1, checksum: 0x0102_0304)]
                ),
            ],
            knownFrom: 1 << 62
        )
    )

    static var registry: ProducerRegistry {
        var registry = ProducerRegistry(next: (1 << 62) + 5, savedAt: time)
        registry.restore(
            1 << 62,
            ProducerName(namespace: .default, principal: "anonymous", id: "checkout-3"),
            lastUsed: time
        )
        registry.restore(
            (1 << 62) + 2,
            ProducerName(namespace: .default, principal: "zoë", id: "é"),
            lastUsed: time.advanced(byMilliseconds: -90_000)
        )
        return registry
    }

    private func golden(_ name: String) throws -> ByteBuffer {
        var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let file = folder.appendingPathComponent("data/golden/producers-v3/\(name)")
            if FileManager.default.fileExists(atPath: file.path) {
                return ByteBuffer(bytes: try Data(contentsOf: file))
            }
        }
        throw CocoaError(.fileNoSuchFile)
    }

    @Test func theRegistryIsAsItIsDrawn() throws {
        let file = try golden("producers.bin")
        #expect(Self.registry.encoded(directory: Self.directory, at: Self.time) == file)
        let read = try ProducerRegistry(
            decoding: file,
            directory: Self.directory,
            path: Self.path,
            now: Self.time
        )
        #expect(read.entries == Self.registry.entries)
        #expect(read.next == Self.registry.next)
    }

    @Test func aSnapshotIsAsItIsDrawn() throws {
        let file = try golden("snapshot.bin")
        #expect(Self.snapshot.encoded(directory: Self.directory) == file)
        let read = try ProducerSnapshot(decoding: file, directory: Self.directory, path: Self.path)
        #expect(read == Self.snapshot)
    }

    @Test func aRegistrationIsAsItIsDrawn() throws {
        let golden = try golden("registration.bin")
        let name = ProducerName(namespace: .default, principal: "anonymous", id: "checkout-3")
        let ring = RingGeometry(id: Self.directory, block: 4096, ringBytes: 65536, frameBytesMax: 16384)
        let buffer = FrameBuffer(ring: ring)
        buffer.append(registrationOf: name, as: (1 << 62) + 5)
        let frame = buffer.seal(at: LSN(0))
        let body = Array(frame[FrameHeader.bytes...].prefix(golden.readableBytes))
        #expect(body == Array(golden.readableBytesView))
        #expect(body.count == FrameBuffer.entryBytes(registrationOf: name))
        try body.withUnsafeBytes { body in
            try FrameEntry.forEach(in: body, count: 1, at: (Self.path, .zero)) { entry in
                guard case .producerRegistration(let number, let found) = entry else {
                    Issue.record("\(entry)")
                    return
                }
                #expect(number == (1 << 62) + 5 && found == name)
            }
        }
    }

    /// Bodies of any bytes behind a right checksum: what the envelope does not catch is refused by the rows.
    @Test func bodiesOfAnyBytesAreRefusedOrRead() {
        var random = SplitMix64(seed: 7)
        for _ in 0..<4000 {
            var snapshot = ByteBuffer(bytes: random.bytes(40))
            snapshot.writeInteger(UInt32(random.below(3)))
            snapshot.writeMultipleIntegers(Int64(1) << 62, Int16(random.below(4)), UInt16(random.below(7)))
            snapshot.writeBytes(random.bytes(random.below(80)))
            var names = ByteBuffer()
            names.writeMultipleIntegers((Int64(1) << 62) + 2, UInt32(random.below(3)), Int64(1) << 62, Int64(5))
            names.writeBytes([0, UInt8(random.below(3))] + random.bytes(random.below(30)))
            for (kind, body) in [(SealedFile.Kind.snapshot, snapshot), (.producers, names)] {
                let file = SealedFile.encode(kind, directory: Self.directory, body: body)
                do throws(StorageError) {
                    if kind == .snapshot {
                        _ = try ProducerSnapshot(decoding: file, directory: Self.directory, path: Self.path)
                    } else {
                        _ = try ProducerRegistry(
                            decoding: file,
                            directory: Self.directory,
                            path: Self.path,
                            now: Self.time
                        )
                    }
                } catch {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }
}
