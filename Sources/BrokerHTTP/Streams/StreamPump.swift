import BrokerAPI
import NIOCore

/// Takes a stream's pieces into a connection until the stream ends or cannot go on, for a task that waits for the end.
///
/// The stream itself is driven on the connection's event loop, by a ``StreamDriver``.
struct StreamPump: Sendable {
    let channel: any Channel
    /// How long sent bytes may stay unacknowledged before the peer counts as gone, while it lets us send.
    let unacknowledgedMax: Duration

    /// Runs until an end; cancellation stops the stream.
    ///
    /// - Parameter writer: puts pieces into the channel.
    func run<Writer: PieceWriter & Sendable>(_ stream: any APIStream, _ writer: Writer) async -> StreamOutcome<Writer> {
        let (loop, channel, unacknowledgedMax) = (channel.eventLoop, channel, unacknowledgedMax)
        let start = LoopStart<any DrivenStream>(on: loop)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    let looks = PeerLooks(channel, stream.stallMax, unacknowledgedMax)
                    let begun = stream.inSteps.driven(through: writer, looks) { continuation.resume(returning: $0) }
                    if start.begun(begun) { begun.stop() }
                    begun.drive()
                }
            }
        } onCancel: {
            start.stop { $0.stop() }
        }
    }
}
