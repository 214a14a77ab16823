import NIOCore

/// A topic's records as they come, without end: reconnecting, resuming where it stopped, no record twice.
///
/// Ending the iteration closes the connection.
public struct Watch: AsyncSequence, Sendable {
    /// What an iteration brings.
    public typealias Element = WatchEvent

    let client: MillraceClient
    let topic: String
    let options: ReadOptions

    /// Connects with the first call of the iterator's `next`.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: client, topic: topic, options: options)
    }

    /// Brings the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let topic: String
        private var options: ReadOptions
        private var lines: ReconnectingLines
        /// The next offset of each partition seen so far: after a reconnect from the last bookmark, what lies below it
        /// has been delivered already.
        private var positions: [Int32: Int64] = [:]
        private var remaining: Int?

        init(client: MillraceClient, topic: String, options: ReadOptions) {
            self.topic = topic
            self.options = options
            self.remaining = options.limit
            self.lines = ReconnectingLines(client: client)
        }

        /// The next event, or nil when the watch has ended.
        ///
        /// - Throws: `MillraceError` when reading is refused, or coming back makes no sense.
        public mutating func next() async throws -> WatchEvent? {
            while true {
                switch try await lines.next(target: options.target(topic: topic, watch: true)) {
                case .connected: return .connected
                case .lost(let error, let delay): return .disconnected(error, retryAfter: delay)
                case .ended: return nil
                case .line(let bytes):
                    if let event = try event(EventLine(bytes: bytes)) { return event }
                }
            }
        }

        private mutating func event(_ line: EventLine) throws(MillraceError) -> WatchEvent? {
            switch try line.type() {
            case "record":
                return try taken(try line.record()).map { .record($0) }
            case "bookmark":
                let bookmark = try line.decode(Bookmark.self)
                resume(at: bookmark)
                return .bookmark(bookmark)
            case "gap":
                return .gap(try line.decode(Gap.self))
            case "goodbye":
                return .goodbye(leave(try line.decode(Goodbye.self)))
            case "error":
                throw .refused(try line.problem())
            case let type:
                return .other(type)
            }
        }

        /// The record, unless it was delivered before the last reconnect; ends the watch at its limit.
        private mutating func taken(_ record: ReceivedRecord) throws(MillraceError) -> ReceivedRecord? {
            guard record.offset >= positions[record.partition, default: 0] else { return nil }
            positions[record.partition] = record.offset + 1
            remaining = remaining.map { $0 - 1 }
            if remaining == 0 { lines.end() }
            return record
        }

        /// A reconnect goes on here.
        ///
        /// The server counts from here as well, so the limit is what was left here.
        private mutating func resume(at bookmark: Bookmark) {
            guard let cursor = bookmark.cursor else { return }
            options.from = cursor
            options.limit = remaining
        }

        private mutating func leave(_ goodbye: Goodbye) -> Goodbye {
            if goodbye.reconnect {
                lines.reconnect(after: goodbye.delay)
            } else {
                lines.end()
            }
            return goodbye
        }
    }
}
