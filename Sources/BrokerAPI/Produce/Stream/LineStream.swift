import BrokerCore
import HTTPTypes
import NIOCore

/// Sends the receipts of a streamed body, and says how it ended.
struct LineStream: APIStream {
    let commands: any ClientCommands
    private let exchange: LineExchange
    private let engine: any BrokerEngine
    private let place: StreamPlace
    private var timers: StreamTimers
    private var pieces = PieceSplitter()
    private var isFinished = false

    /// A stream that has sent nothing.
    init(_ exchange: LineExchange, engine: any BrokerEngine, timers: StreamTimers, place: StreamPlace) {
        self.exchange = exchange
        self.engine = engine
        self.timers = timers
        self.place = place
        commands = StreamCommands(inbox: nil, engine: engine, membership: nil)
    }

    var failure: HTTPResponse.Status? { exchange.failure?.code.status }

    var stallMax: Duration { engine.limits.slowWatcherMax }

    var isHeard: Bool {
        let silence = engine.clock.now.milliseconds - exchange.heardAt.milliseconds
        return silence < stallMax.wholeMilliseconds
    }

    mutating func next() async -> ByteBuffer? {
        if let piece = pieces.next() { return piece }
        while !isFinished {
            if engine.phase != .ready { exchange.end(.drain) }
            switch exchange.takeOutput() {
            case .write(let bytes):
                timers.sent(at: engine.clock.now)
                pieces.put(bytes)
                if let piece = pieces.next() { return piece }
            case .wait(isEnding: true): await rest { await $0.sleep() }
            case .wait(isEnding: false): if let heartbeat = await wait() { return heartbeat }
            case .finish: isFinished = true
            }
        }
        return nil
    }

    mutating func shed() {
        // A receipt cannot be had again.
    }

    mutating func leave(_ reason: StreamLeave) -> ByteBuffer? {
        isFinished = true
        return pieces.rest(with: exchange.leave(reason == .slow ? .slow : .halfClosed))
    }

    mutating func close() async {
        isFinished = true
        exchange.close()
        place.giveBack()
    }

    /// Waits for something to say, or for a time at which to act; answers a heartbeat when one is due.
    private mutating func wait() async -> ByteBuffer? {
        let now = engine.clock.now
        let idleMax = engine.limits.streamedIdleMax
        let idleEnd = exchange.waitsSince.map { $0.advanced(byMilliseconds: idleMax.wholeMilliseconds) }
        if let timeout = timers.timeout, now >= timeout {
            exchange.end(.timeout)
        } else if let idleEnd, now >= idleEnd {
            exchange.end(.failed(.streamIdle(idleMax)))
        } else if now >= timers.heartbeat {
            timers.sent(at: now)
            return ByteBuffer(string: "\n")
        } else {
            let deadline = [idleEnd, timers.timeout].compactMap { $0 }.reduce(timers.heartbeat, min)
            let engine = engine
            await rest { bell in
                // Past no position at all, only the deadline or a drain ends the wait.
                await bell.sleep { _ = await engine.wait(past: Cursor(positions: []), deadline: deadline) }
            }
        }
        return nil
    }

    private mutating func rest(_ sleep: (Doorbell) async -> Void) async {
        await sleep(exchange.output)
        if Task.isCancelled { isFinished = true }
    }
}
