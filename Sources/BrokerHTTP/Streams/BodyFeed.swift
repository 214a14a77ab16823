import BrokerAPI
import HummingbirdCore
import NIOCore

/// Takes a request's body into its sink, as the sink takes it, while the answer streams.
struct BodyFeed: Sendable {
    let body: RequestBody
    let sink: any APIBodySink
    let channel: any Channel

    /// Runs until the body is over, nothing more of it is wanted, or the task is cancelled.
    @concurrent
    func run() async {
        let mark = BodyMark()
        await ClientWatch.follow(mark, on: channel)
        var sink = sink
        var isWhole = false
        do {
            for try await piece in body {
                guard await sink.take(piece) else { return }
            }
            // A body whose connection has ended, or whose reader was cancelled, ends without an error too.
            isWhole = !mark.isBrokenOff && !Task.isCancelled
        } catch {
            // It broke off: the sink is told so, and the client, if it still listens, by the stream.
        }
        await sink.end(isWhole: isWhole)
    }
}
