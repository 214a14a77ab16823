import BrokerAPI
import HTTPTypes
import NIOCore

/// Sends a stream of the API as an answer, for a task that waits until the connection has ended; see ``StreamAnswer``.
struct StreamSender: Sendable {
    let stream: any APIStream
    let channel: any Channel
    let limits: SendLimits

    /// Sends head and pieces until the stream ends, the client leaves or takes nothing, or the task is cancelled.
    ///
    /// - Parameter feed: what takes the request's body meanwhile; nil when the request was whole.
    func send(_ head: HTTPResponse, feeding feed: BodyFeed? = nil) async {
        let (stream, channel, limits) = (stream, channel, limits)
        let loop = channel.eventLoop
        let start = LoopStart<StreamAnswer>(on: loop)
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                loop.execute {
                    let answer = StreamAnswer.begin(stream, behind: head, on: channel, feeding: feed, limits) {
                        continuation.resume()
                    }
                    if start.begun(answer) { answer.cutOff() }
                }
            }
        } onCancel: {
            start.stop { $0.cutOff() }
        }
    }

    /// Closes the stream without asking it for anything.
    func abandon() async {
        // In a task of its own: what the stream has to tell the broker must not be cut short by a cancellation.
        await Task { [stream] in
            var stream = stream
            await stream.close()
        }.value
    }

    /// Closes at once: what lies unread in buffers here is given up.
    static func abandon(_ channel: any Channel) {
        TunedSocket.forgetUnsent(on: channel)
        channel.close(promise: nil)
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
