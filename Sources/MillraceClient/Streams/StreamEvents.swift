/// The server ends a stream, and says whether to come back.
public struct Goodbye: Sendable, Hashable, Decodable {
    /// Why: `drain`, `max-age`, `end`, `slow`, `fenced` and others.
    public let reason: String
    /// Whether connecting again makes sense.
    public let reconnect: Bool
    /// The least delay before that, in milliseconds.
    public let retryAfterMs: Int64?

    var delay: Duration { .milliseconds(retryAfterMs ?? 0) }
}

/// Retention removed a range of offsets before it was read.
public struct Gap: Sendable, Hashable, Decodable {
    /// The topic.
    public let topic: String
    /// The partition.
    public let partition: Int32
    /// The first lost offset.
    public let from: Int64
    /// The first offset that is still there.
    public let to: Int64
}

/// Where a stream stands.
public struct Bookmark: Sendable, Hashable, Decodable {
    /// The position after everything sent so far; opaque.
    public let cursor: String?
    /// Whether everything visible was sent.
    public let caughtUp: Bool?
    /// Records that are visible and not yet sent.
    public let lag: Int64?
}
