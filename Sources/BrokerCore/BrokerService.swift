public import ServiceLifecycle

/// A broker among an application's services: it runs until the shutdown reaches it, and then stops.
///
/// Services stop in the reverse of their order. Put this one first, the surfaces after it, and `BrokerDrain` last: the
/// streams are told to end, the surfaces finish them, and only then the storage is closed.
public struct BrokerService: Service {
    private let broker: Broker

    /// Makes a service of a broker that was started.
    public init(_ broker: Broker) {
        self.broker = broker
    }

    /// Waits for the shutdown, then stops the broker.
    ///
    /// A cancellation stops it too: what is queued is written.
    public func run() async throws {
        try? await gracefulShutdown()
        await broker.stop()
    }
}

/// The first step of a shutdown: all streams end with `goodbye`.
public struct BrokerDrain: Service {
    private let broker: Broker

    /// Makes a service that drains a broker.
    public init(_ broker: Broker) {
        self.broker = broker
    }

    /// Waits for the shutdown, then tells the streams to end.
    public func run() async throws {
        try? await gracefulShutdown()
        broker.drain()
    }
}
