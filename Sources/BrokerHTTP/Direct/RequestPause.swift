import BrokerAPI
import HTTPTypes

/// How long a client's socket is left alone after a refusal for load.
///
/// Nothing is read meanwhile, neither the rest of the body nor the next request: a client that goes on sending meets its own
/// full socket.
enum RequestPause {
    private static let secondsMax = 5

    /// As long as the client was told to wait, within a bound; nil where it was not.
    static func after(_ reply: APIReply) -> Duration? {
        guard reply.status == .tooManyRequests, let seconds = reply.headers[.retryAfter].flatMap({ Int($0) }) else {
            return nil
        }
        return .seconds(min(seconds, secondsMax))
    }
}
