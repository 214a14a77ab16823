import NIOCore
import NIOHTTP1

/// A member's stream: one connection is one member.
///
/// It reconnects and resumes its session after a drop.
/// Ending the iteration closes the connection, which is how the member leaves.
public struct GroupStream: AsyncSequence, Sendable {
    /// What an iteration brings.
    public typealias Element = GroupEvent

    let client: MillraceClient
    let options: GroupJoinOptions

    /// Joins with the first call of the iterator's `next`.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(client: client, options: options)
    }

    /// Brings the events one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private var options: GroupJoinOptions
        private var lines: ReconnectingLines

        init(client: MillraceClient, options: GroupJoinOptions) {
            self.options = options
            self.lines = ReconnectingLines(client: client)
        }

        /// The next event, or nil when the membership has ended.
        ///
        /// - Throws: `MillraceError` when joining is refused, or coming back makes no sense.
        public mutating func next() async throws -> GroupEvent? { try await nextEvent() }

        mutating func nextEvent() async throws(MillraceError) -> GroupEvent? {
            do throws(MillraceError) {
                switch try await lines.next(target: options.target) {
                case .connected(let headers): return .joined(try membership(headers))
                case .lost(let error, let delay): return .disconnected(error, retryAfter: delay)
                case .ended: return nil
                case .line(let bytes): return taken(try GroupEvent(EventLine(bytes: bytes)))
                }
            } catch {
                return try restart(after: error)
            }
        }

        /// A session that has expired while we were away is no reason to stop: the member joins as a new one.
        private mutating func restart(after error: MillraceError) throws(MillraceError) -> GroupEvent {
            guard options.session != nil, error.problem?.code == "session-expired" else { throw error }
            options.session = nil
            lines.restart()
            return .disconnected(error, retryAfter: .zero)
        }

        private mutating func membership(_ headers: HTTPHeaders) throws(MillraceError) -> GroupMembership {
            guard let session = headers.first(name: "Group-Session"), let member = headers.first(name: "Group-Member")
            else { throw .unexpectedAnswer("the stream of group '\(options.group)' names no session") }
            options.session = session
            let epoch = headers.first(name: "Group-Epoch").flatMap { Int64($0) } ?? 0
            return GroupMembership(group: options.group, member: member, groupEpoch: epoch, session: session)
        }

        /// A goodbye decides what the next call does.
        private mutating func taken(_ event: GroupEvent) -> GroupEvent {
            guard case .goodbye(let goodbye) = event else { return event }
            if goodbye.reconnect {
                lines.reconnect(after: goodbye.delay)
            } else {
                lines.end()
            }
            return event
        }
    }
}
