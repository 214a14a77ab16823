import BenchSupport

/// From the publishing of a record to its arrival at a watcher, records going on a schedule that nothing slows.
package struct DeliveryLoad: Sendable {
    package var port: UInt16
    package var topic: String
    package var watchers = 1
    /// Records a second, one a request.
    package var rate = 1000.0
    package var connections = 16
    package var warmUpSeconds = 1.0
    package var seconds = 5.0
    package var server: ProcessFamily?

    package init(port: UInt16, topic: String) {
        self.port = port
        self.topic = topic
    }

    /// What came of it.
    package struct Outcome: Sendable {
        /// From when a record should have been sent to its arrival at a watcher.
        package let deliveries: LatencyHistogram
        /// And to its acknowledgement.
        package let acknowledgements: ProduceLoad.Outcome
    }

    /// Runs it.
    ///
    /// - Throws: When a record does not arrive.
    package func run() throws -> Outcome {
        let swarm = try Swarm(port: port, count: watchers, target: "/v1/topics/\(topic)/records?from=earliest")
        let thread = SystemThread { swarm.run() }
        defer {
            swarm.stop()
            thread.join()
        }
        var load = ProduceLoad(port: port, connections: connections, requests: .stamped(topic: topic))
        load.rate = rate
        load.server = server
        load.warmUpSeconds = warmUpSeconds
        load.seconds = 0.2
        // The watchers are there when what they missed has come; then only what counts is kept.
        let before = try load.run().recordsInAll
        try wait(swarm, for: before * watchers)
        swarm.clear()
        load.warmUpSeconds = 0
        load.seconds = seconds
        let outcome = try load.run()
        try wait(swarm, for: (before + outcome.recordsInAll) * watchers)
        return Outcome(deliveries: LatencyHistogram(microseconds: swarm.delays), acknowledgements: outcome)
    }

    private func wait(_ swarm: Swarm, for count: Int) throws {
        let deadline = MonotonicClock.microseconds + 30_000_000
        while swarm.deliveries.load(ordering: .acquiring) < count {
            guard MonotonicClock.microseconds < deadline else {
                throw Client.Unexpected(description: "\(count) records did not all come within 30 s")
            }
            MonotonicClock.sleep(until: MonotonicClock.microseconds + 200)
        }
    }
}
