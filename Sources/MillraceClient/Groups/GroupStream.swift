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
        public mutating func next() async throws -> GroupEvent? {
            do {
                switch try await lines.next(target: options.target) {
                case .connected(let headers): return .joined(try membership(headers))
                case .lost(let error, let delay): return .disconnected(error, retryAfter: delay)
                case .ended: return nil
                case .line(let bytes): return try event(EventLine(bytes: bytes))
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

        private mutating func event(_ line: EventLine) throws(MillraceError) -> GroupEvent {
            switch try line.type() {
            case "record": return .record(try line.record())
            case "bookmark": return .bookmark(try line.decode(Bookmark.self))
            case "gap": return .gap(try line.decode(Gap.self))
            case "assigned":
                let assigned = try line.decode(WireAssigned.self)
                return .assigned(groupEpoch: assigned.groupEpoch, partitions: assigned.partitions)
            case "revoking":
                let revoking = try line.decode(WireRevoking.self)
                return .revoking(partitions: revoking.partitions, deadline: .milliseconds(revoking.deadlineMs ?? 0))
            case "revoked":
                return .revoked(partitions: try line.decode(WireRevoking.self).partitions)
            case "paused":
                let paused = try line.decode(WirePaused.self)
                return .paused(reason: paused.reason ?? "", uncommitted: paused.uncommitted ?? 0)
            case "resumed": return .resumed
            case "lease-warning":
                let warning = try line.decode(WireRevoking.self)
                return .leaseWarning(partitions: warning.partitions, remaining: .milliseconds(warning.remainingMs ?? 0))
            case "goodbye": return .goodbye(leave(try line.decode(Goodbye.self)))
            case "error": throw .refused(try line.problem())
            case let type: return .other(type)
            }
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

private struct WireAssigned: Decodable {
    let groupEpoch: Int64
    let partitions: [GroupPartition]
}

private struct WireRevoking: Decodable {
    let partitions: [GroupPartition]
    let deadlineMs: Int64?
    let remainingMs: Int64?
}

private struct WirePaused: Decodable {
    let reason: String?
    let uncommitted: Int64?
}
