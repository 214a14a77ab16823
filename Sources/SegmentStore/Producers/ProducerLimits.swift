/// How much is remembered of producers, and for how long.
public struct ProducerLimits: Hashable, Sendable {
    /// Names that have a number (100,000); beyond it a new producer is refused until others have expired.
    public var namesMax = 100_000
    /// A producer that sends nothing for so long is forgotten with all its windows (24 h of the broker's running time).
    public var idleMaxMilliseconds: Int64 = 24 * 3600 * 1000
    /// Producers that one topic remembers (10,000).
    public var perTopicMax = 10_000
    /// What all windows of all topics hold together: one part is one partition's share of one request (1,000,000).
    public var partsMax = 1_000_000

    /// The defaults.
    public init() {}
}
