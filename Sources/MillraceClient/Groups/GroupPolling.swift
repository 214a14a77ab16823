import NIOCore

/// An explicit member's events: it asks for records, again and again, and is alive by its requests.
///
/// For networks that cut answers which go on. An iteration that ends does not leave the group: call
/// ``MillraceClient/leaveGroup(_:)``, or let the session time out.
public struct GroupPolling: AsyncSequence, Sendable {
    /// What an iteration brings.
    public typealias Element = GroupEvent

    let client: MillraceClient
    let options: GroupJoinOptions

    /// Joins with the first call of the iterator's `next`.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, options: options) }

    /// Brings the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let client: MillraceClient
        private var options: GroupJoinOptions
        private var backoff: Backoff
        private var pending = CircularBuffer<GroupEvent>()
        private var membership: GroupMembership?
        private var sessionTimeout = Duration.seconds(10)
        private var delay: Duration?
        private var hasJoined = false
        private var isEnded = false

        init(client: MillraceClient, options: GroupJoinOptions) {
            self.client = client
            self.options = options
            self.backoff = client.configuration.backoff
        }

        /// How often the member must be heard: three times in a session timeout.
        var heartbeatInterval: Duration { sessionTimeout / 3 }

        /// The next event, or nil when the membership has ended.
        ///
        /// - Throws: `MillraceError` when joining is refused, or coming back makes no sense.
        public mutating func next() async throws -> GroupEvent? { try await nextEvent() }

        mutating func nextEvent() async throws(MillraceError) -> GroupEvent? {
            while true {
                if let event = pending.popFirst() { return taken(event) }
                if isEnded { return nil }
                do throws(MillraceError) {
                    if let delay {
                        self.delay = nil
                        try await client.pause(delay)
                    }
                    guard let membership else {
                        return .joined(try await join())
                    }
                    add(try await client.poll(membership, wait: heartbeatInterval))
                    backoff.reset()
                } catch {
                    return try lost(error)
                }
            }
        }

        /// Says that the member lives, while it takes no records.
        mutating func heartbeat() async {
            guard let membership else { return }
            // What fails here fails again at the next request, which deals with it.
            try? await client.heartbeat(membership)
        }

        private mutating func join() async throws(MillraceError) -> GroupMembership {
            let answer = try await client.join(options)
            let membership = GroupMembership(
                group: options.group,
                member: answer.member,
                groupEpoch: answer.groupEpoch,
                session: answer.session
            )
            options.session = answer.session
            if let timeout = answer.sessionTimeoutMs { sessionTimeout = .milliseconds(timeout) }
            (self.membership, hasJoined) = (membership, true)
            return membership
        }

        private mutating func add(_ answer: MemberAnswer) {
            for event in answer.events { pending.append(event) }
            for record in answer.records { pending.append(.record(record)) }
        }

        /// A goodbye decides what the next call does.
        private mutating func taken(_ event: GroupEvent) -> GroupEvent {
            guard case .goodbye(let goodbye) = event else { return event }
            (membership, isEnded, delay) = (nil, !goodbye.reconnect, goodbye.delay)
            // What it was given and did not read is not its own any more.
            pending = []
            return event
        }

        /// A lost answer may have had records in it: coming back with the session brings them again, from the commits on.
        private mutating func lost(_ error: MillraceError) throws(MillraceError) -> GroupEvent {
            membership = nil
            if options.session != nil, error.problem?.code == "session-expired" {
                options.session = nil
                return .disconnected(error, retryAfter: .zero)
            }
            guard hasJoined, error.isWorthReconnecting else {
                isEnded = true
                throw error
            }
            let pause = Swift.max(backoff.next(), error.problem?.retryAfter ?? .zero)
            delay = pause
            return .disconnected(error, retryAfter: pause)
        }
    }
}
