import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// Watchers that share encoded batches write what they would write alone, byte for byte.
@Suite struct SharedFramesTests {
    private let start = MonotonicInstant(milliseconds: 1000)
    private let partition = TopicPartition(TopicName(internal: "orders"), PartitionIndex(3))
    private let topic = TopicID(high: 0xabcd_ef01 << 32, low: 0)

    private func batch(
        _ sizes: [Int],
        at base: Int64,
        isJSON: Bool = true,
        codec: Codec = .none
    ) throws -> RecordBatch {
        var builder = RecordBatchBuilder(isJSON: isJSON)
        for (index, size) in sizes.enumerated() {
            let value = Array("\"\(String(repeating: "v", count: size))\"".utf8)
            let key = Array("k\(index)".utf8)
            value.withUnsafeBytes { value in
                key.withUnsafeBytes { builder.append(timestamp: .epoch, key: $0, value: value) }
            }
        }
        var batch = try builder.finish(codec: codec)
        batch.stamp(baseOffset: Offset(base), leaderEpoch: LeaderEpoch(0))
        return batch
    }

    private func cursor(_ offset: Int64) -> Cursor {
        Cursor(positions: [Cursor.Position(partition: partition, topicID: topic, next: Offset(offset))])
    }

    private func result(_ batches: [RecordBatch], from first: Int64, to end: Int64? = nil) -> ReadResult {
        let next = end.map { Offset($0) } ?? batches.last?.nextOffset ?? Offset(first)
        let slice = ReadResult.Slice(
            position: 0,
            partition: partition,
            start: Offset(first),
            batches: batches,
            next: next,
            tailOf: topic
        )
        return ReadResult(slices: [slice], gaps: [], cursor: cursor(next.value), caughtUp: true, lag: 0)
    }

    private func options(_ framing: Framing, _ event: String, limit: Int) -> WatchOptions {
        WatchOptions(
            framing: framing,
            isWatch: true,
            isOnePartition: true,
            recordsMax: limit,
            bytesMax: .max,
            waitUntil: nil,
            timeoutMilliseconds: nil,
            isStrict: false,
            recordEvent: event,
            retryMilliseconds: 2000,
            random: 1,
            limits: Limits()
        )
    }

    /// Every piece that a watch writes of some reads, with a grant of credit whenever it holds.
    private func pieces(
        _ results: [ReadResult],
        _ framing: Framing,
        event: String = "record",
        limit: Int = .max,
        grants: [Credit.Change] = [],
        _ shared: SharedFrames?
    ) -> [String] {
        let first = results.first?.slices.first?.start.value ?? 0
        let options = options(framing, event, limit: limit)
        var machine = WatchMachine(options, cursor: cursor(first), shared: shared, now: start)
        var (results, grants, pieces) = (results[...], grants[...], [String]())
        if let grant = grants.popFirst() { machine.take(grant) }
        var event = RecordWatch.Event.begin
        while true {
            switch machine.step(event, now: start, isDraining: false) {
            case .write(let bytes):
                pieces.append(String(buffer: bytes))
                event = .written
            case .read, .wait:
                guard let next = results.popFirst() else { return pieces }
                event = .read(next)
            case .hold:
                guard let grant = grants.popFirst() else { return pieces }
                machine.take(grant)
                event = .creditChanged
            case .yield: event = .yielded
            case .refuse, .finish: return pieces
            }
        }
    }

    private static let forms: [(Framing, String)] = [(.sse, "record"), (.sse, "message"), (.ndjson, "record")]

    @Test(arguments: forms)
    func piecesAreEqualWithAndWithoutSharing(framing: Framing, event: String) throws {
        var random = SystemRandomNumberGenerator()
        for round in 0..<20 {
            var (batches, base) = ([RecordBatch](), Int64(round))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let most = [20, 400, 30_000].randomElement(using: &random) ?? 20
                let count = Int.random(in: 1...(most > 1000 ? 8 : 400), using: &random)
                let sizes = (0..<count).map { _ in Int.random(in: 0...most, using: &random) }
                let isJSON = Bool.random(using: &random)
                let codec: Codec = Bool.random(using: &random) ? .gzip : .none
                batches.append(try batch(sizes, at: base, isJSON: isJSON, codec: codec))
                base += Int64(count)
            }
            // Some begin within the first batch and end within the last.
            let first = Int64.random(in: Int64(round)..<Int64(round + batches[0].recordCount), using: &random)
            let last = batches[batches.count - 1]
            let end = Int64.random(in: max(first, last.baseOffset.value) + 1...last.nextOffset.value, using: &random)
            let results = [result(batches, from: first, to: end)]
            let limit = Bool.random(using: &random) ? Int.random(in: 1...200, using: &random) : Int.max
            let grants = (0..<Int.random(in: 0...40, using: &random)).map { _ in
                Credit.Change(
                    records: Bool.random() ? Int64.random(in: 1...50, using: &random) : nil,
                    bytes: Int64.random(in: 1...90_000, using: &random)
                )
            }
            let shared = SharedFrames(bytesMax: .mebibytes(16))
            let alone = pieces(results, framing, event: event, limit: limit, grants: grants, nil)
            // The first makes the frames, the second finds them.
            for _ in 0..<2 {
                let together = pieces(results, framing, event: event, limit: limit, grants: grants, shared)
                #expect(together == alone, "first \(first), end \(end), limit \(limit), grants \(grants)")
            }
            #expect(alone.count > 1)
            if first == round { #expect(shared.bytes >= 256) }
        }
    }

    @Test func aBatchIsEncodedOnceForAForm() throws {
        let shared = SharedFrames(bytesMax: .mebibytes(1))
        let key = SharedFrames.Key(try batch([5], at: 7), of: topic, PartitionIndex(3), form(.sse))
        var count = 0
        for _ in 0..<3 {
            let frames = shared.frames(of: key) {
                count += 1
                return try BatchFrames(try batch([5], at: 7), of: partition, in: form(.sse))
            }
            #expect(frames != nil)
        }
        #expect(count == 1)
        let other = SharedFrames.Key(try batch([5], at: 7), of: topic, PartitionIndex(3), form(.ndjson))
        #expect(shared.frames(of: other, make: nil) == nil)
    }

    /// A topic that was made anew, and a batch that compaction has rewritten, stand where others stood.
    @Test func whatStandsAtTheSameOffsetIsNotConfused() throws {
        let shared = SharedFrames(bytesMax: .mebibytes(1))
        let (old, rewritten) = (try batch([5, 6], at: 7), try batch([5], at: 7))
        _ = pieces([result([old], from: 7)], .sse, shared)
        let other = TopicID(high: 1, low: 1)
        let ofAnother = SharedFrames.Key(old, of: other, PartitionIndex(3), form(.sse))
        #expect(shared.frames(of: ofAnother, make: nil) == nil)
        let results = [result([rewritten], from: 7)]
        #expect(pieces(results, .sse, shared) == pieces(results, .sse, nil))
    }

    @Test func framesAreBoundedAndTheOldestMakeRoom() throws {
        let shared = SharedFrames(bytesMax: .kibibytes(64))
        for base in Int64(0)..<200 { _ = pieces([result([try batch([2000], at: base)], from: base)], .sse, shared) }
        #expect(shared.bytes <= 64 << 10)
        #expect(shared.bytes > 32 << 10)
        func isKept(_ base: Int64) throws -> Bool {
            let key = SharedFrames.Key(try batch([2000], at: base), of: topic, PartitionIndex(3), form(.sse))
            return shared.frames(of: key, make: nil) != nil
        }
        #expect(try isKept(199))
        #expect(try !isKept(0))
        // One that would take a large part of the room is written, and not kept.
        let results = [result([try batch([20_000], at: 500)], from: 500)]
        let before = shared.bytes
        #expect(pieces(results, .sse, shared) == pieces(results, .sse, nil))
        #expect(shared.bytes <= before + 512)
        #expect(try isKept(199))
    }

    @Test func aDamagedBatchIsToldAsWithoutSharing() throws {
        var bytes = try batch([10, 10, 10], at: 0).bytes
        // The last record claims more bytes than there are; the checksum is right.
        let third = bytes.writerIndex - (bytes.readableBytes - 61) / 3
        bytes.setInteger(UInt8(0x7E), at: third)
        let checksum = bytes.withUnsafeReadableBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[21...])) }
        bytes.setInteger(checksum, at: bytes.readerIndex + 17)
        let results = [result([try RecordBatch(verifying: bytes)], from: 0)]
        let shared = SharedFrames(bytesMax: .mebibytes(1))
        for _ in 0..<2 { #expect(pieces(results, .ndjson, shared) == pieces(results, .ndjson, nil)) }
    }

    private func form(_ framing: Framing) -> RecordForm {
        RecordForm(framing: framing, recordEvent: "record", jsonDepthMax: Limits().jsonDepthMax)
    }
}
