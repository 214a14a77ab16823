/// Why a call of the client failed.
public enum MillraceError: Error, Sendable, Hashable {
    /// The broker refused: its problem document.
    case refused(Problem)
    /// No connection could be made; nothing was sent.
    case unreachable(server: String, reason: String)
    /// The connection broke after the request was sent: what became of it is not known.
    case disconnected(reason: String)
    /// The answer did not come in time; what became of the request is not known.
    case timedOut
    /// The answer is not what this client understands.
    case unexpectedAnswer(String)
    /// A line of a stream is longer than the client accepts.
    case lineTooLong(bytesMax: Int)
    /// An argument cannot be sent.
    case invalidArgument(String)
    /// The membership of a group is over, and coming back makes no sense: another process has taken the place, the group
    /// was deleted, or the member has left.
    case ended(reason: String)
    /// The task was cancelled.
    case cancelled

    /// The broker's problem document, when it refused.
    public var problem: Problem? {
        if case .refused(let problem) = self { problem } else { nil }
    }

    /// Whether the same request may be sent again without any risk of doing it twice.
    public var isSafeToRepeat: Bool {
        switch self {
        case .refused(let problem): problem.isRetryable && problem.hasNoSideEffects
        case .unreachable: true
        case .disconnected, .timedOut, .unexpectedAnswer, .lineTooLong, .invalidArgument, .ended, .cancelled: false
        }
    }

    /// Whether a request that changes something may have been carried out, or not.
    public var isOutcomeUnknown: Bool {
        switch self {
        // Something between us and the broker may have answered in its place.
        case .refused(let problem): !problem.hasNoSideEffects && (problem.isRetryable || problem.isForeign)
        case .disconnected, .timedOut: true
        case .unreachable, .unexpectedAnswer, .lineTooLong, .invalidArgument, .ended, .cancelled: false
        }
    }

    /// Whether a reader may connect again: reading twice is harmless, so a broken connection counts as well.
    public var isWorthReconnecting: Bool {
        switch self {
        case .refused(let problem): problem.isRetryable
        case .unreachable, .disconnected, .timedOut: true
        case .unexpectedAnswer, .lineTooLong, .invalidArgument, .ended, .cancelled: false
        }
    }
}

extension MillraceError: CustomStringConvertible {
    /// One sentence for people.
    public var description: String {
        switch self {
        case .refused(let problem): problem.description
        case .unreachable(let server, let reason): "no broker answers at \(server): \(reason)"
        case .disconnected(let reason): "the connection to the broker broke: \(reason)"
        case .timedOut: "the broker did not answer in time"
        case .unexpectedAnswer(let text): "the answer is not understood: \(text)"
        case .lineTooLong(let bytesMax): "a line of the stream is longer than \(bytesMax) bytes"
        case .invalidArgument(let text): text
        case .ended(let reason): "the membership has ended: \(reason)"
        case .cancelled: "cancelled"
        }
    }
}
