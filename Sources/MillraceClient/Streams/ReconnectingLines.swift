import NIOCore
import NIOHTTP1

/// The lines of a stream that is opened again when it breaks, after a delay that grows.
///
/// The first connection is not retried: a wrong address should be an error, not a silence. Ending: the owner calls
/// `end()` on a goodbye that asks for no reconnect, or drops the value, which closes the connection.
struct ReconnectingLines {
    /// What happened next.
    enum Step {
        /// A connection was made; the answer's headers.
        case connected(HTTPHeaders)
        /// A line came.
        case line(ByteBuffer)
        /// The connection is gone; the next call waits so long and connects again.
        case lost(MillraceError, retryAfter: Duration)
        /// It was ended.
        case ended
    }

    private let client: MillraceClient
    private var backoff: Backoff
    private var lines: LineStream?
    private var delay: Duration?
    private var hasConnected = false
    private var isEnded = false

    init(client: MillraceClient) {
        self.client = client
        self.backoff = client.configuration.backoff
    }

    /// Waits for the next step.
    /// - Parameter target: the path and query with which to connect, if that is to be done now.
    mutating func next(target: String) async throws(MillraceError) -> Step {
        guard !isEnded else { return .ended }
        do throws(MillraceError) {
            guard lines != nil else { return .connected(try await connect(target)) }
            guard let line = try await lines?.next() else {
                throw MillraceError.disconnected(reason: "the stream ended without a goodbye")
            }
            backoff.reset()
            return .line(line)
        } catch {
            return try lost(error)
        }
    }

    /// The broker said goodbye and asks to come back, at the earliest after `delay`.
    mutating func reconnect(after delay: Duration) {
        lines = nil
        self.delay = max(delay, backoff.next())
    }

    /// Connects again at once, although the last error would have ended it: the owner has changed its request.
    mutating func restart() {
        lines = nil
        delay = nil
        isEnded = false
    }

    /// Closes the connection for good.
    mutating func end() {
        lines = nil
        isEnded = true
    }

    private mutating func connect(_ target: String) async throws(MillraceError) -> HTTPHeaders {
        if let delay {
            self.delay = nil
            do { try await Task.sleep(for: delay) } catch { throw .cancelled }
        }
        let (headers, lines) = try await client.stream(target)
        self.lines = lines
        hasConnected = true
        return headers
    }

    private mutating func lost(_ error: MillraceError) throws(MillraceError) -> Step {
        lines = nil
        guard hasConnected, error.isWorthReconnecting else {
            isEnded = true
            throw error
        }
        let delay = max(backoff.next(), error.problem?.retryAfter ?? .zero)
        self.delay = delay
        return .lost(error, retryAfter: delay)
    }
}
