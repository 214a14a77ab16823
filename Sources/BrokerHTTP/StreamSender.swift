import BrokerAPI
import HTTPTypes
import HummingbirdCore
import NIOCore

/// Drives one stream of the API into one connection, and closes it exactly once, however it ends.
///
/// The next piece is made when the connection has taken the last one: that is the backpressure, and the whole buffer of
/// a slow reader. A client that leaves ends a wait for the next piece at once, not at the next heartbeat.
struct StreamSender {
    let stream: any APIStream

    /// Sends head and pieces until the stream ends, the client leaves, or the task is cancelled.
    @concurrent
    func send(head: HTTPResponse, request: Request, _ writer: consuming ResponseWriter) async throws {
        var stream = stream
        var failure: (any Error)?
        do {
            var body = try await writer.writeHead(head)
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                while let piece = await stream.next() {
                    try await body.write(piece)
                }
                try await body.finish(nil)
            }
        } catch {
            failure = error
        }
        await Self.close(stream)
        if let failure { throw failure }
    }

    /// Closes the stream without asking it for anything.
    func abandon() async {
        await Self.close(stream)
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
