import BrokerAPI
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Carries a conversation of the API over a WebSocket (RFC 6455), subprotocol `millrace.v1`, and closes it in order.
///
/// The stream's next piece is made when the connection has taken the last one, as over plain HTTP. The client's frames are
/// taken one after the other beside it, so that one who does not read its answers is not heard either.
struct SocketConversation: Sendable {
    /// A connection after its handshake.
    typealias Connection = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
    typealias Inbound = NIOAsyncChannelInboundStream<WebSocketFrame>
    typealias Writer = NIOAsyncChannelOutboundWriter<WebSocketFrame>

    /// What the frames mean.
    static let subprotocol = "millrace.v1"
    /// The most fragments of one message.
    static let fragmentsMax = 256

    /// The API.
    let api: API
    /// How long its ends may take.
    let limits: SendLimits

    /// Holds the conversation that a handshake asked for.
    func run(_ connection: Connection, _ head: HTTPRequestHead) async throws {
        let asked = try? HTTPRequest(head, secure: false, splitCookie: false)
        let request = APIRequest(
            method: .get,
            target: head.uri,
            authority: asked?.authority,
            headers: asked?.headerFields ?? [:]
        )
        let conversation = await api.converse(over: request, principal: .anonymous)
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(
                try await connection.executeThenClose { inbound, outbound in
                    switch conversation {
                    case .refused(let line, let code): try await refuse(line, code, inbound, outbound)
                    case .open(let stream): await converse(stream, connection.channel, inbound, outbound)
                    }
                }
            )
        } catch {
            outcome = .failure(error)
        }
        if case .open(let stream) = conversation { await Self.close(stream) }
        try outcome.get()
    }

    private func refuse(_ line: ByteBuffer, _ code: Int, _ inbound: Inbound, _ outbound: Writer) async throws {
        try await outbound.write(contentsOf: [SocketLines.frame(line), ClosingFrame.closing(code)])
        await wait(for: Task { await Self.readToClose(inbound) })
    }

    /// Both sides speak until one of them ends; then the other is given a while to close.
    private func converse(
        _ stream: any APIStream,
        _ channel: any Channel,
        _ inbound: Inbound,
        _ outbound: Writer
    ) async {
        let speaker = Task { await speak(stream, channel) }
        let listener = Task {
            let end = await listen(inbound, stream.commands, outbound) {
                speaker.cancel()
                _ = await speaker.value
            }
            speaker.cancel()
            switch end {
            case .closed: break
            case .halfClosed: await Self.bidFarewell(speaker.value, outbound)
            case .unsound(let code): await Self.reject(code, channel, outbound)
            }
        }
        await withTaskCancellationHandler {
            _ = await speaker.value
            await wait(for: listener)
        } onCancel: {
            speaker.cancel()
            listener.cancel()
        }
    }

    /// Sends the stream to its end, and the closing frame if that is its own.
    ///
    /// - Returns: what is still to be said where it was stopped, and the client may read on.
    private func speak(_ stream: any APIStream, _ channel: any Channel) async -> [WebSocketFrame] {
        let pump = StreamPump(channel: channel, unacknowledgedMax: limits.unacknowledgedMax)
        let outcome = await pump.run(stream, SocketPieces())
        var (stream, lines) = (outcome.stream, outcome.writer.lines)
        let slot = SendSlot(channel)
        switch outcome.end {
        case .stopped: return stream.leave(.halfClosed).map { lines.frames(of: $0) } ?? []
        case .finished: Self.send([ClosingFrame.closing(stream.failure.map { 4000 + $0.code } ?? 1000)], slot)
        case .slow:
            let last = stream.leave(.slow).map { lines.frames(of: $0) } ?? []
            Self.send(last + [ClosingFrame.closing(1000)], slot)
            if await slot.taken(within: TimeAmount(limits.lingerMax)) != .free { StreamSender.abandon(channel) }
        }
        return []
    }

    /// Puts frames into the slot.
    private static func send(_ frames: [WebSocketFrame], _ slot: SendSlot) {
        guard let last = frames.last else { return }
        slot.send { channel, promise in
            for frame in frames.dropLast() { channel.write(frame, promise: nil) }
            channel.writeAndFlush(last, promise: promise)
        }
    }

    /// How the client's part of a conversation ends.
    private enum ClientEnd {
        /// It has sent its closing frame, and got ours.
        case closed
        /// It has closed its sending half, or has left: the same from here.
        case halfClosed
        /// Its frames cannot be read any more, for which this is the code.
        case unsound(Int)
    }

    /// Takes what the client says until it closes.
    ///
    /// - Parameter silence: stops the stream, so that nothing follows a closing frame.
    private func listen(
        _ inbound: Inbound,
        _ commands: any ClientCommands,
        _ outbound: Writer,
        silence: () async -> Void
    ) async -> ClientEnd {
        var isClosing = false
        do {
            for try await frame in inbound {
                let answer: CommandAnswer
                switch frame.opcode {
                case .connectionClose:
                    await silence()
                    try await outbound.write(ClosingFrame.answer(to: frame))
                    return .closed
                case _ where isClosing: continue
                case .text: answer = await commands.take(frame.unmaskedData)
                case .binary: answer = API.binaryFrame()
                case .ping:
                    try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
                    continue
                default: continue
                }
                switch answer {
                case .nothing: continue
                case .say(let line): try await outbound.write(SocketLines.frame(line))
                case .refuse(let line, let code):
                    isClosing = true
                    await silence()
                    try await outbound.write(contentsOf: [SocketLines.frame(line), ClosingFrame.closing(code)])
                }
            }
            return isClosing ? .closed : .halfClosed
        } catch {
            guard let code = Self.code(of: error), !isClosing else { return .closed }
            await silence()
            return .unsound(code)
        }
    }
}

/// Closing.
extension SocketConversation {
    /// Waits until the client has closed, or has had its time.
    private func wait(for listener: Task<Void, Never>) async {
        let timer = Task {
            try? await Task.sleep(for: limits.closeMax)
            listener.cancel()
        }
        await withTaskCancellationHandler {
            await listener.value
        } onCancel: {
            listener.cancel()
        }
        timer.cancel()
    }

    /// Says goodbye to a client that has closed its sending half.
    private static func bidFarewell(_ last: [WebSocketFrame], _ outbound: Writer) async {
        // The stream's own end has been sent, with its closing frame.
        guard !last.isEmpty else { return }
        // A client that has left altogether needs no farewell.
        try? await outbound.write(contentsOf: last + [ClosingFrame.closing(1000)])
    }

    /// Closes for frames that cannot be read: what follows them is thrown away.
    private static func reject(_ code: Int, _ channel: any Channel, _ outbound: Writer) async {
        // A connection that has failed meanwhile needs no farewell.
        try? await channel.triggerUserOutboundEvent(LingeringClose.StopListening()).get()
        try? await outbound.write(ClosingFrame.closing(code))
    }

    private static func readToClose(_ inbound: Inbound) async {
        do {
            for try await frame in inbound where frame.opcode == .connectionClose { return }
        } catch {
            // Whatever it was: the conversation is over.
            return
        }
    }

    /// The code that tells a client what was wrong with its frames; nil where the connection has failed.
    private static func code(of error: any Error) -> Int? {
        switch error {
        case NIOWebSocketError.invalidFrameLength, NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
            1009
        case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error, is SoundFrames.UnsoundFrame: 1002
        default: nil
        }
    }

    /// In a task of its own: what the stream has to tell the broker must not be cut short by a cancellation.
    private static func close(_ stream: any APIStream) async {
        await Task {
            var stream = stream
            await stream.close()
        }.value
    }
}
