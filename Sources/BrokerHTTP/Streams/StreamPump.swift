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
        let driver = NIOLoopBoundBox.makeEmptyBox(valueType: (any DrivenStream).self, eventLoop: loop)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                loop.execute {
                    let looks = PeerLooks(channel, stream.stallMax, unacknowledgedMax)
                    let begun = stream.inSteps.driven(through: writer, looks) { continuation.resume(returning: $0) }
                    driver.value = begun
                    begun.drive()
                }
            }
        } onCancel: {
            // Behind the beginning, if that has not come yet.
            loop.execute { driver.value?.stop() }
        }
    }
}
