import BrokerCore
import HTTPTypes
import NIOCore

/// Drives a ``WatchMachine`` against an engine.
struct WatchStream<Content: WatchContent>: SteppedStream {
    /// A machine of this content.
    typealias Machine = WatchMachine<Content>

    /// What cannot be done at once.
    private enum Work: Sendable {
        case read(Content.Reading)
        case yield
    }

    let commands: any ClientCommands
    /// Where commands leave credit; nil on a transport that takes none.
    private let inbox: CreditInbox?
    private let engine: any BrokerEngine
    private var machine: Machine
    private var event: Machine.Event = .begin
    /// What was asked for and takes time.
    private var task = Work.yield
    /// How long the machine wants to wait, when it waits.
    private var sleepsUntil: MonotonicInstant?
    /// What came of the first read, if it was done before the answer began.
    private var first: Machine.Event?
    private var pieces = PieceSplitter()
    private var isFinished = false
    private let place: StreamPlace
    private let condition: StreamCondition?

    /// A stream that has sent nothing.
    ///
    /// - Parameter first: what came of the machine's first reading, where that had to be known before.
    /// - Parameter condition: what must hold all the while.
    init(
        _ machine: Machine,
        first: Machine.Event? = nil,
        while condition: StreamCondition? = nil,
        engine: any BrokerEngine,
        place: StreamPlace,
        isSocket: Bool
    ) {
        self.machine = machine
        self.first = first
        self.place = place
        self.condition = condition
        self.engine = engine
        inbox = isSocket ? CreditInbox() : nil
        commands = StreamCommands(inbox: inbox, engine: engine, membership: nil)
    }

    var failure: HTTPResponse.Status? { machine.failure?.code.status }

    mutating func next() async -> ByteBuffer? {
        let round = StreamRound()
        while true {
            switch step(in: round) {
            case .send(let piece): return piece
            case .wait(let wait): woke(await Self.end(of: wait))
            case .work: await work()
            case .end: return nil
            }
        }
    }

    mutating func step(in round: StreamRound) -> StreamStep {
        if let piece = pieces.next() { return .send(piece) }
        while !isFinished {
            if let change = inbox?.take() { machine.take(change) }
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .read(let reading):
                guard let event = known(reading, round) else {
                    task = .read(reading)
                    return .work
                }
                self.event = event
            case .wait(let cursor, let deadline):
                if let wait = sleep(past: cursor, until: deadline) { return .wait(wait) }
            case .yield:
                task = .yield
                return .work
            // Past no position at all, only the deadline or a drain ends the wait.
            case .hold(let deadline):
                if let wait = sleep(past: Cursor(positions: []), until: deadline) { return .wait(wait) }
            case .write(let bytes):
                event = .written
                pieces.put(bytes)
                if let piece = pieces.next() { return .send(piece) }
            // Only pages are refused, and those are collected; there is nothing to send here.
            case .refuse, .finish: isFinished = true
            }
        }
        return .end
    }

    mutating func work() async {
        switch task {
        case .read(let reading): event = await Self.read(reading, engine)
        case .yield:
            await Task.yield()
            event = .yielded
        }
    }

    mutating func woke(_ end: StreamWait.End) {
        guard let reason = end.reason else {
            event = .creditChanged
            return
        }
        event = .woke(reason)
        guard let condition, let sleepsUntil else { return }
        if !condition.holds() {
            event = .failed(condition.error)
        } else if reason == .timedOut, engine.clock.now < sleepsUntil {
            event = .creditChanged
        }
    }

    mutating func close() async {
        // A reader has no other state on the server.
        isFinished = true
        place.giveBack()
    }

    var stallMax: Duration { engine.limits.slowWatcherMax }

    mutating func shed() {
        machine.shed()
    }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? {
        isFinished = true
        return pieces.rest(with: machine.leave(reason, now: engine.clock.now))
    }

    /// Runs a machine to its end and answers everything it wrote, or the first problem: for pages.
    static func collect(_ machine: Machine, engine: any BrokerEngine) async throws -> ByteBuffer {
        var machine = machine
        var event = Machine.Event.begin
        var body = ByteBuffer()
        while true {
            switch machine.step(event, now: engine.clock.now, isDraining: engine.phase != .ready) {
            case .read(let reading): event = await read(reading, engine)
            case .wait(let cursor, let deadline):
                // A client that has closed its side, and may read on, gets what there is.
                let reason = await engine.wait(past: cursor, deadline: deadline)
                event = .woke(reason == .cancelled ? .timedOut : reason)
            case .yield:
                await Task.yield()
                event = .yielded
            // Nobody counts on a page.
            case .hold: event = .creditChanged
            case .write(var bytes):
                event = .written
                // A page in JSON is one write, which then is not copied.
                if body.readableBytes == 0 { body = bytes } else { body.writeBuffer(&bytes) }
            case .refuse(let problem): throw problem
            case .finish: return body
            }
        }
    }

    /// What is known of a read without asking the disk.
    private mutating func known(_ reading: Content.Reading, _ round: StreamRound) -> Machine.Event? {
        if let first {
            self.first = nil
            return first
        }
        if let condition, !condition.holds() { return .failed(condition.error) }
        return Content.readNow(reading, engine, round).map { .read($0) }
    }

    /// A wait at the tail; where a condition must hold, one that is over when it is to be looked at, or none when it does not.
    private mutating func sleep(past cursor: Cursor, until deadline: MonotonicInstant) -> StreamWait? {
        sleepsUntil = deadline
        var until = deadline
        if let condition {
            guard condition.holds() else {
                event = .failed(condition.error)
                return nil
            }
            until = min(until, engine.clock.now.advanced(byMilliseconds: StreamCondition.intervalMilliseconds))
        }
        return StreamWait(engine: engine, cursor: cursor, deadline: until, inbox: inbox)
    }

    /// Waits; a change of the client's credit ends the wait too.
    private static func end(of wait: StreamWait) async -> StreamWait.End {
        let engine = wait.engine
        guard let inbox = wait.inbox else {
            return StreamWait.End(reason: await engine.wait(past: wait.cursor, deadline: wait.deadline))
        }
        let reason = await inbox.interrupting { await engine.wait(past: wait.cursor, deadline: wait.deadline) }
        return StreamWait.End(reason: reason == .cancelled && !Task.isCancelled ? nil : reason)
    }

    private static func read(_ reading: Content.Reading, _ engine: any BrokerEngine) async -> Machine.Event {
        do throws(BrokerError) {
            return .read(try await Content.read(reading, engine))
        } catch {
            return .failed(error)
        }
    }
}

/// Cuts what a machine wrote into pieces that a transport likes.
struct PieceSplitter: Sendable {
    /// The largest piece.
    static let pieceBytesMax = 64 * 1024
    private var rest = ByteBuffer()

    /// Takes bytes to cut.
    mutating func put(_ bytes: ByteBuffer) {
        rest = bytes
    }

    /// All that was not cut yet, and something behind it; nil where both are nothing.
    mutating func rest(with last: ByteBuffer?) -> ByteBuffer? {
        defer { rest = ByteBuffer() }
        guard rest.readableBytes > 0 else { return last }
        if let last { rest.writeImmutableBuffer(last) }
        return rest
    }

    /// The next piece, if there is one.
    mutating func next() -> ByteBuffer? {
        guard rest.readableBytes > 0 else { return nil }
        return rest.readSlice(length: min(rest.readableBytes, Self.pieceBytesMax))
    }
}
