/// What the API needs to be told; every bound of requests and streams stands in the engine's `Limits`.
public struct APIConfiguration: Sendable {
    /// The most records of one produce request: 100,000.
    public var recordsPerRequestMax: Int
    /// The reconnection time that streams tell their clients, in milliseconds: 2000.
    public var retryMilliseconds: Int64
    /// Which web pages of other origins may use the API; nil lets none read an answer, and asks no WebSocket.
    public var crossOrigin: CrossOriginPolicy?
    /// Where jitter and the first sticky partition come from; tests give a fixed source.
    public var random: @Sendable () -> UInt64

    /// Creates a configuration.
    public init(
        recordsPerRequestMax: Int = 100_000,
        retryMilliseconds: Int64 = 2000,
        crossOrigin: CrossOriginPolicy? = nil,
        random: @escaping @Sendable () -> UInt64 = { UInt64.random(in: .min ... .max) }
    ) {
        self.recordsPerRequestMax = recordsPerRequestMax
        self.retryMilliseconds = retryMilliseconds
        self.crossOrigin = crossOrigin
        self.random = random
    }
}
