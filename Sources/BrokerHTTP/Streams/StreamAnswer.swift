import BrokerAPI
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// A streamed answer, from its head to the end of its connection: drives the stream, and closes both exactly once, however it
/// ends.
///
/// A client that leaves ends a wait for the next piece at once, not at the next heartbeat. One that closes its sending half
/// and reads on, and one that takes nothing for too long, are told so behind what they were sent; then they have a while to
/// read it, and the connection is closed. What a client sends after the request of a stream is not read as another request.
/// Where the request's body comes while the stream runs, its end ends the stream, be it that the client has left.
///
/// Concurrency: everything happens on the connection's event loop; the stream is closed in a task.
final class StreamAnswer {
    private enum Phase {
        case driving
        /// The stream is closed.
        case closing
        /// The client is given time to read what was sent.
        case lingering
        /// The client is given time to close its side.
        case parting
        case ended
    }

    private let channel: any Channel
    private let limits: SendLimits
    private var phase = Phase.driving
    private var driver: (any DrivenStream)?
    private var feeding: Task<Void, Never>?
    private var onEnd: (() -> Void)?
    private var isCutOff = false
    private var timer: Scheduled<Void>?

    private init(_ channel: any Channel, _ limits: SendLimits, onEnd: @escaping () -> Void) {
        self.channel = channel
        self.limits = limits
        self.onEnd = onEnd
    }

    /// Writes the head and begins to drive the stream; called on the event loop.
    ///
    /// - Parameters:
    ///   - feed: what takes the request's body meanwhile; nil when the request was whole.
    ///   - onEnd: called once, on the event loop, when the connection has ended, or may.
    /// - Returns: the answer, by which it can be cut off.
    @discardableResult
    static func begin(
        _ stream: any APIStream,
        behind head: HTTPResponse,
        on channel: any Channel,
        feeding feed: BodyFeed? = nil,
        _ limits: SendLimits,
        onEnd: @escaping () -> Void
    ) -> StreamAnswer {
        let answer = StreamAnswer(channel, limits, onEnd: onEnd)
        channel.write(HTTPResponsePart.head(head), promise: nil)
        answer.begin(stream, feed)
        return answer
    }

    /// Ends it at once: what the client has not read is given up.
    func cutOff() {
        isCutOff = true
        switch phase {
        case .driving: driver?.stop()
        case .closing, .ended: break
        case .lingering: abandon()
        case .parting: close()
        }
    }

    private func begin(_ stream: any APIStream, _ feed: BodyFeed?) {
        // A connection that has ended has nobody who writes.
        guard let pieces = BodyPieces(behindHeadOn: channel) else { return close(stream, saying: nil) }
        let looks = PeerLooks(channel, stream.stallMax, limits.unacknowledgedMax)
        let driver = stream.inSteps.driven(through: pieces, looks) { self.driven($0) }
        self.driver = driver
        feeding = feed.map { feed in Task { await feed.run() } }
        // Whether a client that sends a body has left shows in its body.
        if feed == nil {
            let bound = NIOLoopBound(self, eventLoop: channel.eventLoop)
            ClientWatch.begin(on: channel, isLast: true) { bound.value.driver?.stop() }
        }
        driver.drive()
        // The first piece took the head with it, if there was one.
        channel.flush()
    }

    private func driven(_ outcome: StreamOutcome<BodyPieces>) {
        if let feeding {
            feeding.cancel()
            // The rest of the body is thrown away.
            ClientWatch.begin(on: channel, isLast: true) {}
        }
        var stream = outcome.stream
        let last: ByteBuffer? =
            switch outcome.end {
            case .finished: nil
            case .slow: stream.leave(.slow)
            case .stopped: stream.leave(.halfClosed)
            }
        close(stream, saying: last)
    }

    /// Closes the stream, which is done in a task: nothing cancels what it has to tell the broker.
    private func close(_ stream: any APIStream, saying last: ByteBuffer?) {
        driver = nil
        phase = .closing
        let (loop, bound) = (channel.eventLoop, NIOLoopBound(self, eventLoop: channel.eventLoop))
        Task {
            var stream = stream
            await stream.close()
            loop.execute { bound.value.closed(saying: last) }
        }
    }

    private func closed(saying last: ByteBuffer?) {
        guard !isCutOff, channel.isActive else { return abandon() }
        phase = .lingering
        if let last { channel.write(HTTPResponsePart.body(last), promise: nil) }
        let sent = channel.writeAndFlush(HTTPResponsePart.end(nil))
        schedule(limits.lingerMax) { $0.abandon() }
        sent.assumeIsolated().whenComplete { self.taken($0) }
    }

    /// The client was sent everything: then the connection ends, and with it what the client never took.
    private func taken(_ result: Result<Void, any Error>) {
        guard case .lingering = phase else { return }
        guard case .success = result else { return abandon() }
        phase = .parting
        channel.close(mode: .output, promise: nil)
        schedule(limits.closeMax) { $0.part() }
        channel.closeFuture.assumeIsolated().whenComplete { _ in self.end() }
        ClientWatch.begin(on: channel, isLast: true) { [channel] in channel.close(promise: nil) }
    }

    /// The client has not closed its side: what it let the kernel keep for it is not kept any longer.
    private func part() {
        let unsent = PeerStanding.of(channel)?.unsent ?? 0
        if unsent > 0 { abandon() } else { close() }
    }

    private func abandon() {
        StreamSender.abandon(channel)
        end()
    }

    private func close() {
        channel.close(promise: nil)
        end()
    }

    private func end() {
        timer?.cancel()
        phase = .ended
        let onEnd = onEnd
        self.onEnd = nil
        onEnd?()
    }

    /// Acts when the time is over; what was to be done at another time is not.
    private func schedule(_ time: Duration, _ act: @escaping (StreamAnswer) -> Void) {
        timer?.cancel()
        timer = channel.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(time)) { act(self) }
    }
}
