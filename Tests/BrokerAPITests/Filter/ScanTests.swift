import BrokerCore
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

/// The machine while a filter passes over records.
@Suite struct ScanTests {
    private let start = MonotonicInstant(milliseconds: 1000)
    private let partition = TopicPartition(TopicName(internal: "orders"), PartitionIndex(0))

    private func cursor(_ next: Int64) -> Cursor {
        let position = Cursor.Position(
            partition: partition,
            topicID: TopicID(high: 0xabcd_ef01 << 32, low: 0),
            next: Offset(next)
        )
        return Cursor(positions: [position])
    }

    private func machine(_ framing: Framing, filter: String, limits change: (inout Limits) -> Void = { _ in }) throws
        -> RecordWatch
    {
        var limits = Limits()
        change(&limits)
        let options = WatchOptions(
            framing: framing,
            isWatch: framing != .json,
            isOnePartition: false,
            recordsMax: .max,
            bytesMax: .max,
            waitUntil: nil,
            timeoutMilliseconds: nil,
            isStrict: false,
            recordEvent: "record",
            retryMilliseconds: 2000,
            random: 1,
            limits: limits,
            filter: try FilterParser.parse(filter, limits: limits)
        )
        return WatchMachine(options, cursor: cursor(0), now: start)
    }

    /// Records of which the last has the key "wanted".
    private func result(from base: Int64, count: Int, caughtUp: Bool = false) -> ReadResult {
        var builder = RecordBatchBuilder(isJSON: true)
        for index in 0..<count {
            let key = index == count - 1 ? "wanted" : "other!"
            Array(key.utf8).withUnsafeBytes { builder.append(timestamp: .epoch, key: $0, value: nil) }
        }
        var batch = builder.finish()
        batch.stamp(baseOffset: Offset(base), leaderEpoch: LeaderEpoch(0))
        let slice = ReadResult.Slice(
            position: 0,
            partition: partition,
            start: Offset(base),
            batches: [batch],
            next: batch.nextOffset
        )
        return ReadResult(
            slices: [slice],
            gaps: [],
            cursor: cursor(base + Int64(count)),
            caughtUp: caughtUp,
            lag: caughtUp ? 0 : 100
        )
    }

    private func lines(_ action: RecordWatch.Action) throws -> [JSON] {
        guard case .write(let bytes) = action else { return [] }
        return try String(buffer: bytes).split(separator: "\n").map { try JSON(String($0)) }
    }

    private func isRead(_ action: RecordWatch.Action, from offset: Int64) -> Bool {
        if case .read(let asked) = action { asked.cursor == cursor(offset) } else { false }
    }

    @Test(arguments: [Framing.ndjson, .sse])
    func bookmarksAdvanceThroughWhatIsPassedOver(framing: Framing) throws {
        var machine = try machine(framing, filter: "key=nobody")
        _ = machine.step(.begin, now: start, isDraining: false)
        #expect(isRead(machine.step(.written, now: start, isDraining: false), from: 0))
        #expect(isRead(machine.step(.read(result(from: 0, count: 10)), now: start, isDraining: false), from: 10))
        let soon = start.advanced(byMilliseconds: 4999)
        #expect(isRead(machine.step(.read(result(from: 10, count: 10)), now: soon, isDraining: false), from: 20))
        let due = start.advanced(byMilliseconds: 5000)
        guard case .write(let bytes) = machine.step(.read(result(from: 20, count: 10)), now: due, isDraining: false)
        else {
            return #expect(Bool(false), "no bookmark")
        }
        let text = String(buffer: bytes)
        #expect(text.contains("\"cursor\":\"abcdef01:30\",\"caughtUp\":false,\"lag\":100"))
        #expect(framing == .ndjson || text.hasSuffix("id: abcdef01:30\n\n"))
        // The end of the log comes: what was passed over since is told 5 s later, and then nothing for long.
        #expect(isRead(machine.step(.written, now: due, isDraining: false), from: 30))
        let last = machine.step(.read(result(from: 30, count: 1, caughtUp: true)), now: due, isDraining: false)
        guard case .wait(_, let until) = last else { return #expect(Bool(false), "no wait") }
        #expect(until == due.advanced(byMilliseconds: 5000))
        guard case .write(let told) = machine.step(.woke(.timedOut), now: until, isDraining: false) else {
            return #expect(Bool(false), "no bookmark")
        }
        #expect(String(buffer: told).contains("\"cursor\":\"abcdef01:31\",\"caughtUp\":true"))
        guard case .wait(_, let idle) = machine.step(.written, now: until, isDraining: false) else {
            return #expect(Bool(false), "no wait")
        }
        #expect(idle > until.advanced(byMilliseconds: 5000))
    }

    @Test func aLongStretchLetsOthersHaveTheirTurn() throws {
        var machine = try machine(.ndjson, filter: "key=wanted") { $0.scanBytesPerStep = ByteCount(100) }
        _ = machine.step(.begin, now: start, isDraining: false)
        _ = machine.step(.written, now: start, isDraining: false)
        var action = machine.step(.read(result(from: 0, count: 100)), now: start, isDraining: false)
        var yields = 0
        while case .yield = action {
            yields += 1
            action = machine.step(.yielded, now: start, isDraining: false)
        }
        #expect((5...20).contains(yields))
        #expect(try lines(action).map { $0["offset"]?.integer } == [99])
    }

    @Test func aLongStretchIsLeftForADrainATimeoutAndABookmark() throws {
        func scanning() throws -> RecordWatch {
            var machine = try machine(.ndjson, filter: "key=nobody") { limits in
                limits.scanBytesPerStep = ByteCount(100)
                limits.streamAgeMax = .seconds(100)
            }
            _ = machine.step(.begin, now: start, isDraining: false)
            _ = machine.step(.written, now: start, isDraining: false)
            let action = machine.step(.read(result(from: 0, count: 100)), now: start, isDraining: false)
            guard case .yield = action else { throw Stuck() }
            return machine
        }
        var drained = try scanning()
        let goodbye = try lines(drained.step(.yielded, now: start, isDraining: true))
        #expect(goodbye.last?["reason"] == .string("drain"))
        let reached = try #require(goodbye.first?["cursor"]?.string)
        #expect(reached != "abcdef01:0" && reached != "abcdef01:100")
        var aged = try scanning()
        let end = start.advanced(byMilliseconds: 200_000)
        #expect(try lines(aged.step(.yielded, now: end, isDraining: false)).last?["reason"] == .string("max-age"))
        var marked = try scanning()
        let due = start.advanced(byMilliseconds: 5000)
        let bookmark = try lines(marked.step(.yielded, now: due, isDraining: false))
        #expect(bookmark.map { $0["cursor"]?.string } == [reached])
        #expect(bookmark.first?["caughtUp"] == .bool(false))
    }

    @Test func aPageIsBounded() throws {
        var machine = try machine(.json, filter: "key=wanted") { limits in
            limits.scanBytesPerStep = ByteCount(100)
            limits.pageScanBytesMax = ByteCount(450)
        }
        _ = machine.step(.begin, now: start, isDraining: false)
        var action = machine.step(.read(result(from: 0, count: 20)), now: start, isDraining: false)
        var reads: Int64 = 1
        var steps = 0
        while steps < 100 {
            steps += 1
            if case .yield = action { action = machine.step(.yielded, now: start, isDraining: false) }
            guard case .read = action else { continue }
            action = machine.step(.read(result(from: reads * 20, count: 20)), now: start, isDraining: false)
            reads += 1
        }
        let page = try #require(try lines(action).first)
        #expect(reads < 6)
        #expect(page["records"]?.array.count == Int(reads) - 1)
        #expect(page["caughtUp"] == .bool(false))
        #expect(page["next"]?.string?.hasPrefix("abcdef01:") == true)
    }

    private struct Stuck: Error {}
}
