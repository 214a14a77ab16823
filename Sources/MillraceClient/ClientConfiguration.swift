/// Timeouts, bounds and delays of a `MillraceClient`.
public struct ClientConfiguration: Sendable {
    /// How long to wait for a connection.
    public var connectTimeout: Duration = .seconds(5)
    /// How long to wait for the head of an answer.
    public var answerTimeout: Duration = .seconds(30)
    /// How long a connection may be silent before it counts as dead; the broker's heartbeat comes every 15 s.
    public var silenceMax: Duration = .seconds(50)
    /// The most connections to the server.
    public var connectionsMax: Int = 256
    /// The longest line of a stream that is accepted: a record of 1 MiB, every byte of it escaped, and its envelope.
    public var lineBytesMax: Int = 8 << 20
    /// The longest answer that is accepted outside of a stream.
    public var answerBytesMax: Int = 64 << 20
    /// The bytes of a request of many records; a single larger record still goes alone.
    public var requestBytesMax: Int = 1 << 20
    /// The records of a request of many records.
    public var requestRecordsMax: Int = 10_000
    /// The attempts at a request that is safe to send again.
    public var attemptsMax: Int = 5
    /// Delays between attempts, and between reconnects of a stream.
    public var backoff = Backoff()

    /// The defaults.
    public init() {}
}
