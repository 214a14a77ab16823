import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// The machine alone: events in, actions out.
@Suite struct WatchMachineTests {
    private let start = MonotonicInstant(milliseconds: 1000)
    private let topic = TopicID(high: 0xabcd_ef01 << 32, low: 0)

    private func partition(_ index: Int32) -> TopicPartition {
        TopicPartition(TopicName(internal: "orders"), PartitionIndex(index))
    }

    private func cursor(_ offsets: Int64...) -> Cursor {
        Cursor(
            positions: offsets.enumerated().map { index, offset in
                Cursor.Position(partition: partition(Int32(index)), topicID: topic, next: Offset(offset))
            }
        )
    }

    private func options(_ framing: Framing, limit: Int = .max) -> WatchOptions {
        WatchOptions(
            framing: framing,
            isWatch: framing != .json,
            isOnePartition: false,
            recordsMax: limit,
            bytesMax: .max,
            waitUntil: nil,
            timeoutMilliseconds: nil,
            isStrict: false,
            recordEvent: "record",
            retryMilliseconds: 2000,
            random: 1,
            limits: Limits()
        )
    }

    private func slice(_ position: Int, from start: Int64, count: Int) -> ReadResult.Slice {
        var builder = RecordBatchBuilder(isJSON: true)
        for _ in 0..<count { builder.append(timestamp: .epoch, key: nil, value: nil) }
        var batch = builder.finish()
        batch.stamp(baseOffset: Offset(start), leaderEpoch: LeaderEpoch(0))
        return ReadResult.Slice(
            position: position,
            partition: partition(Int32(position)),
            start: Offset(start),
            batches: [batch],
            next: batch.nextOffset
        )
    }

    private func text(_ action: RecordWatch.Action) -> String? {
        if case .write(let bytes) = action { String(buffer: bytes) } else { nil }
    }

    @Test func aWatchOpensReadsAndWaits() {
        var machine = WatchMachine(options(.sse), cursor: cursor(0), now: start)
        #expect(text(machine.step(.begin, now: start, isDraining: false))?.hasPrefix(":ok") == true)
        guard case .read(let asked) = machine.step(.written, now: start, isDraining: false) else {
            return #expect(Bool(false), "no read")
        }
        #expect(asked.cursor == cursor(0))
        let empty = ReadResult(slices: [], gaps: [], cursor: cursor(0), caughtUp: true, lag: 0)
        guard case .wait(let waiting, let deadline) = machine.step(.read(empty), now: start, isDraining: false) else {
            return #expect(Bool(false), "no wait")
        }
        #expect(waiting == cursor(0))
        #expect(deadline > start)
        guard case .read = machine.step(.woke(.moved), now: start, isDraining: false) else {
            return #expect(Bool(false), "no read")
        }
    }

    /// A cursor that is long, in both ways of telling it.
    @Test(arguments: [Framing.sse, .ndjson])
    func aLongCursorGoesOutWithTheFirstRecordsAndThenAfterAWhile(framing: Framing) throws {
        var options = options(framing)
        options.limits.cursorBytesPerFlushMax = ByteCount(5)
        var machine = WatchMachine(options, cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        func flushes(_ machine: inout RecordWatch, from offset: Int64, at now: MonotonicInstant) -> [String] {
            let result = ReadResult(
                slices: [slice(0, from: offset, count: 1)],
                gaps: [],
                cursor: cursor(offset + 1),
                caughtUp: true,
                lag: 0
            )
            var texts: [String] = []
            var event = RecordWatch.Event.read(result)
            while let text = text(machine.step(event, now: now, isDraining: false)) {
                texts.append(text)
                event = .written
            }
            return texts
        }
        let later = start.advanced(byMilliseconds: 300)
        #expect(flushes(&machine, from: 0, at: start).last?.contains("abcdef01:1") == true)
        #expect(!flushes(&machine, from: 1, at: start).joined().contains("abcdef01:2"))
        #expect(flushes(&machine, from: 2, at: later).last?.contains("abcdef01:3") == true)
    }

    @Test func aReadThatFindsNothingAndDoesNotMoveLeadsToAWait() {
        var machine = WatchMachine(options(.ndjson), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let stuck = ReadResult(slices: [], gaps: [], cursor: cursor(0), caughtUp: false, lag: 5)
        guard case .wait = machine.step(.read(stuck), now: start, isDraining: false) else {
            return #expect(Bool(false), "it would read for ever")
        }
    }

    @Test func theCursorFollowsSlicesAndGapsOfEachPartition() throws {
        var machine = WatchMachine(options(.sse), cursor: cursor(0, 7, 3), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let result = ReadResult(
            slices: [slice(0, from: 4, count: 2), slice(2, from: 3, count: 1)],
            gaps: [ReadResult.Gap(partition: partition(0), from: .zero, to: Offset(4))],
            cursor: cursor(6, 7, 4),
            caughtUp: true,
            lag: 0
        )
        let written = try #require(text(machine.step(.read(result), now: start, isDraining: false)))
        #expect(SSEReader(written).events.map(\.type) == ["gap", "record", "record", "record"])
        #expect(written.hasSuffix("id: abcdef01:6.7.4\n\n"))
        guard case .wait(let waiting, _) = machine.step(.written, now: start, isDraining: false) else {
            return #expect(Bool(false), "no wait")
        }
        #expect(waiting == cursor(6, 7, 4))
    }

    @Test func aLimitWithinASliceEndsRightAfterItsLastRecord() throws {
        var machine = WatchMachine(options(.sse, limit: 3), cursor: cursor(0, 0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let result = ReadResult(
            slices: [slice(0, from: 0, count: 2), slice(1, from: 0, count: 5)],
            gaps: [],
            cursor: cursor(2, 5),
            caughtUp: true,
            lag: 0
        )
        let written = try #require(text(machine.step(.read(result), now: start, isDraining: false)))
        #expect(SSEReader(written).events.map(\.type) == ["record", "record", "record", "bookmark", "goodbye"])
        #expect(written.hasSuffix("id: abcdef01:2.1;end\n\n"))
        guard case .finish = machine.step(.written, now: start, isDraining: false) else {
            return #expect(Bool(false), "it goes on")
        }
    }

    @Test func aDrainInterruptsWhatWasReadButNotTheCursor() throws {
        var machine = WatchMachine(options(.sse), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let result = ReadResult(
            slices: [slice(0, from: 0, count: 3000)],
            gaps: [],
            cursor: cursor(3000),
            caughtUp: true,
            lag: 0
        )
        let first = SSEReader(try #require(text(machine.step(.read(result), now: start, isDraining: false)))).events
        let last = SSEReader(try #require(text(machine.step(.written, now: start, isDraining: true)))).events
        #expect(first.count < 3000)
        #expect(last.map(\.type) == ["bookmark", "goodbye"])
        #expect(last.last?.lastEventID == "abcdef01:\(first.count)")
    }

    @Test func aPageThatFailsIsRefused() {
        var machine = WatchMachine(options(.json), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        guard case .refuse(let problem) = machine.step(.failed(.draining), now: start, isDraining: false) else {
            return #expect(Bool(false), "not refused")
        }
        #expect(problem.code == .draining)
    }

    /// One partition was read, another cannot be.
    private func half() -> ReadResult {
        ReadResult(
            slices: [slice(0, from: 0, count: 2)],
            gaps: [],
            cursor: cursor(2),
            caughtUp: false,
            lag: 5,
            failure: .damaged(partition(0), from: Offset(2), to: Offset(4), "damaged at byte 9")
        )
    }

    @Test func aPageEndsBeforeWhatCannotBeRead() throws {
        var machine = WatchMachine(options(.json), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let page = try JSON(try #require(text(machine.step(.read(half()), now: start, isDraining: false))))
        #expect(page["records"]?.array.count == 2)
        #expect(page["next"] == .string("abcdef01:2"))
        #expect(page["caughtUp"] == .bool(false))
    }

    @Test func aPageThatBeginsAtDamageTellsTheCursorBehindIt() throws {
        var machine = WatchMachine(options(.json), cursor: cursor(2), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let failure = try #require(half().failure)
        guard case .refuse(let problem) = machine.step(.failed(failure), now: start, isDraining: false),
            case .bytes(let body) = problem.reply.body
        else { return #expect(Bool(false), "not refused") }
        let json = try JSON(String(buffer: body))
        #expect(json["code"] == .string("corrupt"))
        #expect(json["next"] == .string("abcdef01:4"))
        #expect(json["partition"] == .integer(0) && json["from"] == .integer(2) && json["to"] == .integer(4))
    }

    @Test func aWatchTellsItsCursorBeforeTheError() throws {
        var machine = WatchMachine(options(.ndjson), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        let records = try #require(text(machine.step(.read(half()), now: start, isDraining: false)))
        #expect(records.split(separator: "\n").count == 2)
        let rest = try #require(text(machine.step(.written, now: start, isDraining: false)))
        let lines = try rest.split(separator: "\n").map { try JSON(String($0)) }
        #expect(lines.map { $0["type"]?.string } == ["bookmark", "error", "goodbye"])
        #expect(lines[0]["cursor"] == .string("abcdef01:2"))
        #expect(lines[1]["problem"]?["next"] == .string("abcdef01:4"))
    }

    @Test func damagedRecordsAreAnErrorAfterThoseBeforeThem() throws {
        var machine = WatchMachine(options(.ndjson), cursor: cursor(0), now: start)
        _ = machine.step(.begin, now: start, isDraining: false)
        // A batch whose header is right and whose second record claims more bytes than there are.
        var bytes = slice(0, from: 0, count: 2).batches[0].bytes
        let second = bytes.writerIndex - (bytes.readableBytes - 61) / 2
        bytes.setInteger(UInt8(0x7E), at: second)
        let checksum = bytes.withUnsafeReadableBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[21...])) }
        bytes.setInteger(checksum, at: bytes.readerIndex + 17)
        let batch = try RecordBatch(verifying: bytes)
        let damaged = ReadResult.Slice(
            position: 0,
            partition: partition(0),
            start: .zero,
            batches: [batch],
            next: Offset(2)
        )
        let result = ReadResult(slices: [damaged], gaps: [], cursor: cursor(2), caughtUp: true, lag: 0)
        let written = try #require(text(machine.step(.read(result), now: start, isDraining: false)))
        let lines = try written.split(separator: "\n").map { try JSON(String($0)) }
        #expect(lines.map { $0["type"]?.string } == ["record", "error", "goodbye"])
        #expect(lines[1]["problem"]?["code"] == .string("corrupt"))
    }
}
