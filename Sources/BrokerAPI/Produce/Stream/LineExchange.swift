import BrokerCore
import NIOCore
import RecordFormat
import Synchronization

/// A streamed body and the stream of its receipts: what both of them share, and the appends between them.
///
/// Three tasks meet here: one reads lines (``LineSink``), one appends, one sends receipts (``LineStream``). None waits for
/// another but for room: lines gather while an append is under way, and receipts while the client does not read.
///
/// Concurrency: the lock is a leaf, held for steps of ``LineFlow`` and never while lines are read or records encoded.
final class LineExchange: Sendable {
    private struct State {
        var flow: LineFlow
        /// Bytes of the body for which room is held.
        var heldBytes = 0
        var isClosed = false
        /// When the client last sent something; nil while it is not listened to.
        var waitsSince: MonotonicInstant?
        var heardAt: MonotonicInstant
    }

    /// Rings when there is something to send.
    let output = Doorbell()

    private let target: LineTarget
    private let room: (any BodyRoom)?
    private let state: Mutex<State>
    /// Rings when more may be read.
    let intake = Doorbell()

    private var engine: any BrokerEngine { target.api.engine }

    /// An exchange that has not begun.
    init(_ target: LineTarget, room: (any BodyRoom)?) {
        let limits = target.api.engine.limits
        let now = target.api.engine.clock.now
        self.target = target
        self.room = room
        let receipts = ReceiptQueue(receiptsMax: limits.streamedReceiptsMax, rangesMax: limits.streamedRangesMax)
        state = Mutex(State(flow: LineFlow(receipts), waitsSince: now, heardAt: now))
    }

    // MARK: Reading

    /// Bytes have come: takes room for them, as soon as there is some.
    func hold(_ bytes: Int) async -> Bool {
        let now = engine.clock.now
        state.withLock { state in
            state.waitsSince = nil
            state.heardAt = now
        }
        guard let room else { return true }
        while true {
            // What this stream holds itself is given back when it is flushed; nobody else's is waited for.
            let mayWait = state.withLock { $0.flow.isAppending } && !Task.isCancelled
            if room.take(bytes) { break }
            guard mayWait else {
                end(.failed(.tooManyBodies))
                return false
            }
            await intake.sleep()
        }
        let isClosed = state.withLock { state in
            if !state.isClosed { state.heldBytes += bytes }
            return state.isClosed
        }
        if isClosed { room.giveBack(bytes) }
        return !isClosed
    }

    /// A group to read lines into, as soon as there is room; nil when no more is wanted.
    ///
    /// - Parameter firstLine: the next line's number.
    func beginReading(firstLine: Int) async -> LineGroup? {
        while true {
            switch state.withLock({ $0.flow.beginReading() }) {
            case .over: return nil
            case .read(let group?): return group
            case .read(nil):
                do throws(Problem) {
                    return try target.group(firstLine: firstLine)
                } catch {
                    endReading(nil, .failed(error))
                    return nil
                }
            case .wait:
                if Task.isCancelled { return nil }
                await intake.sleep()
            }
        }
    }

    /// Gives the group back, and lets it be appended.
    func endReading(_ group: LineGroup?, _ ending: LineFlow.Ending? = nil) {
        var group = group
        // Lines without records, such as signs of life, are stored by nobody.
        if group?.recordCount == 0 { giveBack(group?.letGoOfBytes() ?? 0) }
        let (beginsAppending, isEnding) = state.withLock { state in
            (state.flow.endReading(group, ending), state.flow.ending != nil)
        }
        if beginsAppending { Task { await appendAll() } }
        if isEnding { output.ring() }
    }

    /// All that came was read: the client is listened to.
    func listen() {
        let now = engine.clock.now
        state.withLock { $0.waitsSince = now }
    }

    // MARK: Appending

    /// Appends what gathers, one group after the other, until there is none.
    private func appendAll() async {
        while var group = state.withLock({ $0.flow.beginAppend() }) {
            // The next group may gather.
            intake.ring()
            let outcome = await append(&group)
            giveBack(group.bodyBytes)
            state.withLock { $0.flow.endAppend(of: group, outcome) }
            intake.ring()
            output.ring()
        }
        // Whoever waits for the last append sees that it was the last.
        output.ring()
    }

    private func append(_ group: inout LineGroup) async -> Result<[AppendReceipt], Problem> {
        do throws(Problem) {
            return .success(try await append(try group.finish()))
        } catch {
            return .failure(error)
        }
    }

    private func append(_ items: [AppendItem]) async throws(Problem) -> [AppendReceipt] {
        while true {
            try target.current()
            switch await target.append(items) {
            case .success(let receipts): return receipts
            // Not told to the client: nothing is read from it meanwhile.
            case .failure(.queueFull) where !isClosed: await pause()
            case .failure(let error): throw Problem(error)
            }
        }
    }

    private var isClosed: Bool { state.withLock { $0.isClosed } }

    /// How long a full queue is left alone.
    private static let queueRetryMilliseconds: Int64 = 20

    private func pause() async {
        let clock = engine.clock
        await withCheckedContinuation { continuation in
            _ = clock.schedule(at: clock.now.advanced(byMilliseconds: Self.queueRetryMilliseconds)) {
                continuation.resume()
            }
        }
    }

    // MARK: Ending

    /// Ends the stream, unless it ends already.
    func end(_ reason: LineFlow.Ending) {
        state.withLock { $0.flow.end(reason) }
        intake.ring()
        output.ring()
    }

    /// Ends the stream at once; answers what is still to be sent.
    func leave(_ reason: LineFlow.Ending) -> ByteBuffer? {
        let last = state.withLock { $0.flow.leave(reason) }
        intake.ring()
        return last
    }

    /// Nobody sends anything more: what is under way is appended, and no more is read.
    func close() {
        let held = state.withLock { state in
            state.isClosed = true
            state.flow.end(.halfClosed)
            defer { state.heldBytes = 0 }
            return state.heldBytes
        }
        room?.giveBack(held)
        intake.ring()
    }

    private func giveBack(_ bytes: Int) {
        let held = state.withLock { state in
            let held = min(bytes, state.heldBytes)
            state.heldBytes -= held
            return held
        }
        room?.giveBack(held)
    }

    // MARK: Looking

    /// What there is to send.
    func takeOutput() -> LineFlow.Output {
        let output = state.withLock { $0.flow.output() }
        // Receipts that waited to be told may have kept lines from being read.
        if case .write = output { intake.ring() }
        return output
    }

    /// Since when the client was listened to and has sent nothing; nil while it is not listened to.
    var waitsSince: MonotonicInstant? { state.withLock { $0.waitsSince } }
    /// When the client last sent something.
    var heardAt: MonotonicInstant { state.withLock { $0.heardAt } }
    /// What ended it, if it did not end well.
    var failure: Problem? {
        state.withLock { state in
            if case .failed(let problem) = state.flow.ending { problem } else { nil }
        }
    }
}
