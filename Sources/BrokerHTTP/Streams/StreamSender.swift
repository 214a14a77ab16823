import BrokerAPI
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Drives one stream of the API into one connection, and closes both exactly once, however it ends.
///
/// A client that leaves ends a wait for the next piece at once, not at the next heartbeat. One that closes its sending half
/// and reads on, and one that takes nothing for too long, are told so behind what they were sent; then they have a while to
/// read it, and the connection is closed. What a client sends after the request of a stream is not read as another request.
/// Where the request's body comes while the stream runs, its end ends the stream, be it that the client has left.
struct StreamSender: Sendable {
    let stream: any APIStream
    let channel: any Channel
    let limits: SendLimits

    /// Sends head and pieces until the stream ends, the client leaves or takes nothing, or the task is cancelled.
    ///
    /// - Parameter feed: what takes the request's body meanwhile; nil when the request was whole.
    @concurrent
    func send(_ head: HTTPResponse, feeding feed: BodyFeed? = nil) async {
        let slot = SendSlot(channel)
        slot.send { channel, promise in channel.writeAndFlush(HTTPResponsePart.head(head), promise: promise) }
        let pump = StreamPump(slot: slot, channel: channel, unacknowledgedMax: limits.unacknowledgedMax)
        let pumping = Task { [stream] in
            var stream = stream
            let end = await pump.run(&stream) { piece in
                slot.send { $0.writeAndFlush(HTTPResponsePart.body(piece), promise: $1) }
            }
            return (stream, end)
        }
        let feeding = feed.map { feed in Task { await feed.run() } }
        // Whether a client that sends a body has left shows in its body.
        if feeding == nil { ClientWatch.begin(on: channel, isLast: true) { pumping.cancel() } }
        var (driven, end) = await withTaskCancellationHandler {
            await pumping.value
        } onCancel: {
            pumping.cancel()
        }
        if let feeding {
            feeding.cancel()
            // The rest of the body is thrown away.
            ClientWatch.begin(on: channel, isLast: true) {}
        }
        let last = Self.farewell(&driven, end)
        await Self.close(driven)
        guard !Task.isCancelled, channel.isActive else { return Self.abandon(channel) }
        let ending = SendSlot(channel)
        ending.send { channel, promise in
            for piece in last { channel.write(HTTPResponsePart.body(piece), promise: nil) }
            channel.writeAndFlush(HTTPResponsePart.end(nil), promise: promise)
        }
        await linger(ending)
    }

    /// Closes the stream without asking it for anything.
    func abandon() async {
        await Self.close(stream)
    }

    /// What is still to be said to a client whose stream ends for its sake.
    private static func farewell(_ stream: inout any APIStream, _ end: StreamPump.End) -> [ByteBuffer] {
        switch end {
        case .finished: []
        case .slow(let waiting): [waiting] + [stream.leave(.slow)].compactMap { $0 }
        case .stopped(let waiting): [waiting, stream.leave(.halfClosed)].compactMap { $0 }
        }
    }

    /// Lets the client read what was sent, for a while; then the connection ends, and with it what the client never took.
    private func linger(_ slot: SendSlot) async {
        guard await slot.taken(within: TimeAmount(limits.lingerMax)) == .free else { return Self.abandon(channel) }
        let closing = SendSlot(channel)
        closing.send { channel, promise in
            channel.close(mode: .output, promise: nil)
            channel.closeFuture.cascade(to: promise)
        }
        ClientWatch.begin(on: channel, isLast: true) { [channel] in channel.close(promise: nil) }
        if await closing.taken(within: TimeAmount(limits.closeMax)) != .free { channel.close(promise: nil) }
    }

    /// Closes at once: what lies unread in buffers here is given up.
    static func abandon(_ channel: any Channel) {
        TunedSocket.forgetUnsent(on: channel)
        channel.close(promise: nil)
    }

    /// In a task of its own: what the stream has to tell the broker must not be cut short by the cancellation that may
    /// have brought us here.
    private static func close(_ stream: any APIStream) async {
        await Task {
            var stream = stream
            await stream.close()
        }.value
    }
}

/// How long the end of a stream may take, and how its peer is judged.
struct SendLimits: Sendable {
    /// How long a client may take to read what was sent before its stream ended.
    var lingerMax: Duration
    /// How long a client may take to close its side after that.
    var closeMax: Duration
    /// How long sent bytes may stay unacknowledged before the peer counts as gone.
    var unacknowledgedMax: Duration
}
