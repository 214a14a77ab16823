import NIOCore

/// A collection as it is and as it changes, without end: reconnecting, no change missed and none twice.
///
/// Where the version at which it would go on is no longer kept, the state comes again, and the event `listing` says so.
/// Ending the iteration closes the connection.
public struct CollectionWatch: AsyncSequence, Sendable {
    /// What an iteration brings.
    public typealias Element = CollectionEvent

    let client: MillraceClient
    let collection: String
    let options: CollectionOptions
    let version: String?

    /// Connects with the first call of the iterator's `next`.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(self)
    }

    /// Brings the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let watch: CollectionWatch
        private var lines: ReconnectingLines
        /// Where to go on; nil is with the state.
        private var version: String?
        /// Why the state comes again.
        private var reason: MillraceError?
        /// The last change seen of each partition, where there are several: a bookmark lies behind it.
        private var seen: [Substring: Int64] = [:]

        init(_ watch: CollectionWatch) {
            self.watch = watch
            version = watch.version
            lines = ReconnectingLines(client: watch.client)
        }

        /// The next event, or nil when the watch has ended.
        ///
        /// - Throws: `MillraceError` when watching is refused, or coming back makes no sense.
        public mutating func next() async throws -> CollectionEvent? {
            while true {
                do throws(MillraceError) {
                    switch try await lines.next(target: target) {
                    case .connected: return connected()
                    case .lost(let error, let delay):
                        if version == nil { reason = error }
                        return .disconnected(error, retryAfter: delay)
                    case .ended: return nil
                    case .line(let bytes):
                        if let event = try event(EventLine(bytes: bytes)) { return event }
                    }
                } catch {
                    // The version is gone, and with it the only way to know what was missed.
                    guard error.problem?.status == 410 else { throw error }
                    (version, reason) = (nil, error)
                    lines.restart()
                    lines.reconnect(after: .zero)
                }
            }
        }

        private var target: String {
            let start: [(name: String, value: String?)] =
                version.map { [("resourceVersion", $0)] }
                ?? [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
            return watch.options.target(
                watch.collection,
                [("watch", "true"), ("allowWatchBookmarks", "true")] + start
            )
        }

        private mutating func connected() -> CollectionEvent {
            guard version == nil else { return .connected }
            seen = [:]
            defer { reason = nil }
            return .listing(reason)
        }

        private mutating func event(_ line: EventLine) throws(MillraceError) -> CollectionEvent? {
            let type = try line.type()
            if let kind = ItemChange.Kind(rawValue: type) { return try change(kind, line) }
            switch type {
            case "BOOKMARK":
                let bookmark = try EventLine(bytes: try object(line)).decode(WireItem.self)
                version = bookmark.metadata.resourceVersion
                return bookmark.isEndOfState
                    ? .listed(version: bookmark.metadata.resourceVersion)
                    : .bookmark(version: bookmark.metadata.resourceVersion)
            case "ERROR":
                let problem = try EventLine(bytes: try object(line)).decode(Problem.self)
                // A goodbye that asks to come back follows on what may be otherwise next time.
                if !problem.isRetryable { throw .refused(problem) }
                return .other(type)
            case "goodbye":
                let goodbye = try line.decode(Goodbye.self)
                if version == nil {
                    reason = .disconnected(reason: "\(goodbye.reason), before all items were listed")
                }
                if goodbye.reconnect { lines.reconnect(after: goodbye.delay) } else { lines.end() }
                return .goodbye(goodbye)
            default: return .other(type)
            }
        }

        private mutating func change(_ kind: ItemChange.Kind, _ line: EventLine) throws(MillraceError)
            -> CollectionEvent?
        {
            let item = try CollectionItem(try object(line))
            let parts = item.resourceVersion.split(separator: "-", maxSplits: 1)
            if parts.count == 2, let number = Int64(parts[1]) {
                // After a reconnect from the last bookmark, what lies behind it comes again.
                guard number > seen[parts[0], default: -1] else { return nil }
                seen[parts[0]] = number
            } else if version != nil {
                // One partition: the version of a change is the collection's.
                version = item.resourceVersion
            }
            return .change(ItemChange(kind: kind, item: item, json: String(buffer: line.bytes)))
        }

        private func object(_ line: EventLine) throws(MillraceError) -> ByteBuffer {
            guard let text = JSONMembers(line.bytes).text(of: "object") else {
                throw .unexpectedAnswer("\(String(buffer: line.bytes).prefix(200))")
            }
            return ByteBuffer(string: text)
        }
    }
}
