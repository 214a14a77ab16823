import BenchSupport
import Synchronization

/// Many watchers of the same by server-sent events: first at a steady rate, then as fast as all of them have got the last record.
package struct FanoutLoad: Sendable {
    package var port: UInt16
    /// Where watchers ask.
    package var watchTarget: String
    /// Where records are sent to.
    package var publishTarget: String
    package var watchers: Int
    /// Records a second while they are paced.
    package var rate: Double
    /// How long each of the two parts takes.
    package var seconds: Double
    /// The server, whose processor time and memory are looked at.
    package var server: ProcessFamily

    /// Watchers of a topic of a broker.
    package init(port: UInt16, topic: String, watchers: Int, server: ProcessFamily) {
        self.port = port
        self.watchers = watchers
        self.server = server
        watchTarget = "/v1/topics/\(topic)/records"
        publishTarget = watchTarget
        rate = 2
        seconds = 5
    }

    /// What a broker is started with that is to have so many watchers: by default only three quarters of the connections for
    /// which there are descriptors may be streams, and half of the descriptors are for segments.
    package static func options(watchers: Int) -> [String] {
        [
            "--max-open-segments", "1000", "--max-connections", "\(watchers + 2000)", "--max-streams",
            "\(watchers + 1000)",
        ]
    }

    /// What came of it.
    package struct Outcome: Sendable {
        /// From when a record should have been sent to its arrival, while they are paced.
        package let latencies: LatencyHistogram
        /// Processor time for each delivery while they are paced.
        package let serverMicrosecondsEach: Double
        package let clientMicrosecondsEach: Double
        /// Back to back.
        package let deliveriesPerSecond: Double
        package let residentMebibytes: Double
    }

    /// Runs it.
    ///
    /// - Throws: When a record does not get to all watchers within a minute.
    package func run() throws -> Outcome {
        let swarm = try Swarm(port: port, count: watchers, target: watchTarget)
        let thread = SystemThread { swarm.run() }
        defer {
            swarm.stop()
            thread.join()
        }
        var publisher = try Publisher(port: port, target: publishTarget)
        // Everybody begins at the first record: whoever has it is there.
        try publisher.publish()
        try wait(swarm, for: watchers)

        swarm.clear()
        let serverBefore = try server.processorSeconds()
        let clientBefore = ProcessFacts.ownSeconds
        try publisher.publish(perSecond: rate, seconds: seconds)
        let paced = max(1, Int(rate * seconds))
        try wait(swarm, for: watchers * (1 + paced))
        let latencies = LatencyHistogram(microseconds: swarm.delays)
        let used = try server.processorSeconds() - serverBefore
        let clientUsed = ProcessFacts.ownSeconds - clientBefore

        let begin = MonotonicClock.microseconds
        var rounds = 0
        while MonotonicClock.microseconds - begin < Int64(seconds * 1_000_000) {
            try publisher.publish()
            rounds += 1
            try wait(swarm, for: watchers * (1 + paced + rounds))
        }
        let elapsed = Double(MonotonicClock.microseconds - begin) / 1_000_000
        try swarm.insistOnAll()
        return Outcome(
            latencies: latencies,
            serverMicrosecondsEach: used * 1_000_000 / Double(latencies.count),
            clientMicrosecondsEach: clientUsed * 1_000_000 / Double(latencies.count),
            deliveriesPerSecond: Double(rounds * watchers) / elapsed,
            residentMebibytes: try server.residentMebibytes()
        )
    }

    private func wait(_ swarm: Swarm, for count: Int) throws {
        let deadline = MonotonicClock.microseconds + 60_000_000
        while swarm.deliveries.load(ordering: .acquiring) < count {
            try swarm.insistOnAll()
            guard MonotonicClock.microseconds < deadline else {
                let found = swarm.deliveries.load(ordering: .acquiring)
                throw Client.Unexpected(description: "\(found) of \(count) records came within a minute")
            }
            MonotonicClock.sleep(until: MonotonicClock.microseconds + 50)
        }
    }
}
