import BrokerAPI
import NIOCore

/// Why a stream is not driven any more.
enum StreamEnd: Sendable {
    /// It has said everything.
    case finished
    /// The client has taken nothing for too long.
    case slow
    /// It was stopped, or the connection has failed.
    case stopped
}

/// What became of a stream.
struct StreamOutcome<Writer> {
    let stream: any APIStream
    let writer: Writer
    let end: StreamEnd
}

extension StreamOutcome: Sendable where Writer: Sendable {}

/// A stream that is driven, whatever stream it is.
protocol DrivenStream: AnyObject {
    /// Goes on as far as nothing has to be waited for.
    func drive()

    /// Ends the stream where it is.
    func stop()
}

/// A stream as the state of a connection: it is asked for one step after another, on the connection's event loop.
///
/// One piece is on its way at a time, and the next one is made when the socket has taken it: that is the whole buffer of a slow
/// reader, and the backpressure. Between two records a watcher is this object and a place among those that wait.
///
/// Concurrency: everything happens on the event loop. What ends a wait comes by way of its ``StreamLoop``; what takes
/// time is done in a task, which has the stream meanwhile.
final class StreamDriver<Stream: SteppedStream, Writer: PieceWriter>: DrivenStream, LoopSleeper {
    private enum Phase {
        case stepping
        /// Others have their turn.
        case paused
        /// The socket has not taken the last piece.
        case sending
        case waiting(StreamWait, StreamCrowd.Place)
        case working(Task<Void, Never>)
        case ended
    }

    /// After so many pieces that the socket took at once other connections have their turn.
    private static var piecesPerTurn: Int { 8 }

    private let loop: any EventLoop
    private let streams: StreamLoop
    private var writer: Writer
    private var looks: PeerLooks
    private var lookTimer: Scheduled<Void>?
    private var alarm = StreamAlarm()
    private var phase = Phase.stepping
    private var isDriving = false
    /// The number of the wait that is under way, or was last.
    private var waitCount = 0
    /// Why it is to end as soon as it can.
    private var ending: StreamEnd?
    /// Whether the client was found slow while the stream was away, which knows whether the client is heard.
    private var owesVerdict = false
    private var onEnd: ((StreamOutcome<Writer>) -> Void)?
    /// Nil while a task has it, and after the end.
    private var stream: Stream?

    /// A stream that has sent nothing.
    ///
    /// - Parameter onEnd: called once, on the event loop, unless the stream is never driven.
    init(
        _ stream: Stream,
        _ writer: Writer,
        _ looks: PeerLooks,
        onEnd: @escaping (StreamOutcome<Writer>) -> Void
    ) {
        self.stream = stream
        self.writer = writer
        self.looks = looks
        self.onEnd = onEnd
        loop = looks.channel.eventLoop
        streams = StreamLoop.of(loop)
    }

    func drive() {
        guard !isDriving else { return }
        isDriving = true
        defer { isDriving = false }
        var pieceCount = 0
        while case .stepping = phase {
            if let ending { return end(ending) }
            guard pieceCount < Self.piecesPerTurn else { return pause() }
            switch stream?.step(in: streams.round) {
            case .send(let piece):
                send(piece)
                pieceCount += 1
            case .wait(let wait): sleep(wait)
            case .work: work()
            case .end, nil: end(.finished)
            }
        }
    }

    func stop() { stop(.stopped) }

    private func stop(_ end: StreamEnd) {
        ending = ending ?? end
        switch phase {
        // It ends when the task has given the stream back.
        case .working(let task): task.cancel()
        // Whoever drives it sees it; or whoever begins to.
        case .stepping, .ended: break
        case .paused, .sending, .waiting: self.end(end)
        }
    }

    private func end(_ end: StreamEnd) {
        guard let stream else { return }
        if case .waiting(let wait, let place) = phase { leave(wait, place) }
        phase = .ended
        alarm.cancel()
        lookTimer?.cancel()
        let onEnd = onEnd
        (self.stream, self.onEnd) = (nil, nil)
        onEnd?(StreamOutcome(stream: stream, writer: writer, end: end))
    }

    // MARK: Pieces

    private func send(_ piece: ByteBuffer) {
        phase = .sending
        if let sent = writer.write(piece, to: looks.channel) {
            // Mostly the socket takes it at once, and this is called before it returns.
            sent.assumeIsolated().whenComplete { self.taken($0) }
            lookLater()
        } else if case .sending = phase {
            phase = .stepping
        }
    }

    private func taken(_ result: Result<Void, any Error>) {
        guard case .sending = phase else { return }
        switch result {
        case .success:
            phase = .stepping
            drive()
        case .failure: end(.stopped)
        }
    }

    private func pause() {
        phase = .paused
        loop.assumeIsolated().scheduleTask(in: StreamLoop.turnInterval) {
            guard case .paused = self.phase else { return }
            self.phase = .stepping
            self.drive()
        }
    }

    // MARK: Waits

    private func sleep(_ wait: StreamWait) {
        waitCount += 1
        phase = .waiting(wait, streams.enter(self, wait, number: waitCount))
        if wait.hasClient {
            let (count, wakes, sleeper) = (waitCount, streams.wakes, bound)
            wait.listen { wakes.add(.sleeper(sleeper, wait: count, $0)) }
        }
        setAlarm(for: wait)
    }

    private func setAlarm(for wait: StreamWait) {
        guard alarm.needsSetting(for: wait) else { return }
        let (wakes, sleeper) = (streams.wakes, bound)
        alarm.set(for: wait) { wakes.add(.alarm(sleeper)) }
    }

    private func leave(_ wait: StreamWait, _ place: StreamCrowd.Place) {
        if wait.hasClient { wait.stopListening() }
        streams.leave(place)
    }

    /// For closures that come back to the loop.
    private var bound: NIOLoopBound<any LoopSleeper> { NIOLoopBound(self, eventLoop: loop) }

    func woke(from number: Int, _ end: StreamWait.End) {
        guard case .waiting(let wait, let place) = phase, number == waitCount else { return }
        leave(wait, place)
        phase = .stepping
        stream?.woke(end)
        drive()
    }

    func rang() {
        alarm.rang()
        // While nobody waits it need not be set; the next wait sets it.
        guard case .waiting(let wait, _) = phase else { return }
        if wait.isOver { woke(from: waitCount, .timedOut) } else { setAlarm(for: wait) }
    }

    // MARK: Work

    private func work() {
        guard let stream else { return }
        self.stream = nil
        let (loop, bound) = (loop, NIOLoopBound(self, eventLoop: loop))
        phase = .working(
            Task {
                var stream = stream
                await stream.work()
                loop.execute { [stream] in bound.value.worked(stream) }
            }
        )
    }

    private func worked(_ stream: Stream) {
        self.stream = stream
        phase = .stepping
        if owesVerdict, !stream.isHeard { ending = ending ?? .slow }
        owesVerdict = false
        drive()
    }

    // MARK: Looks

    /// Sees to it that there is a look some time after something was sent.
    private func lookLater() {
        guard lookTimer == nil else { return }
        if case .ended = phase { return }
        lookTimer = loop.assumeIsolated().scheduleTask(in: looks.interval) { self.look() }
    }

    private func look() {
        lookTimer = nil
        var isBusy = false
        switch phase {
        case .ended: return
        case .sending:
            isBusy = true
            stream?.shed()
        case .stepping, .paused, .waiting, .working: break
        }
        let isSlow = looks.look(isBusy: isBusy)
        owesVerdict = isSlow && stream == nil
        if isSlow, let stream, !stream.isHeard { return stop(.slow) }
        if looks.isWaiting { lookLater() }
    }
}

extension SteppedStream {
    /// A driver of this stream.
    func driven<Writer: PieceWriter>(
        through writer: Writer,
        _ looks: PeerLooks,
        onEnd: @escaping (StreamOutcome<Writer>) -> Void
    ) -> any DrivenStream {
        StreamDriver(self, writer, looks, onEnd: onEnd)
    }
}
