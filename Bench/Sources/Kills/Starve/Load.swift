import BenchSupport
import Glibc

/// Producers that go on while something else happens.
struct Load {
    private let producers: [Producer]
    private let shared: Producer.Shared
    private let broker: Broker

    init(_ shared: Producer.Shared, on broker: Broker, topics: [TopicModel], count: Int, seed: UInt64) {
        self.shared = shared
        self.broker = broker
        producers = (0..<count).map { number in
            Producer(shared, port: broker.port, topics: topics, seed: seed &+ UInt64(number), recordsMax: 40)
        }
        shared.mustStop.store(false, ordering: .releasing)
        for producer in producers { producer.start() }
    }

    /// Waits for something that has to come.
    func wait(for what: String, secondsMax: Int = 60, _ condition: () throws -> Bool) throws {
        let end = ContinuousClock.now + .seconds(secondsMax)
        while try !condition() {
            if let violation = shared.violation.withLock({ $0 }) { throw violation }
            guard broker.isRunning else {
                throw Violation("the broker ended before there were \(what): \(broker.watch.lastLines)")
            }
            guard ContinuousClock.now < end else {
                throw Violation("waited \(secondsMax) s for \(what); answers: \(shared.problemText)")
            }
            usleep(5000)
        }
    }

    /// Ends them, each after its request.
    func stop() throws {
        shared.mustStop.store(true, ordering: .releasing)
        for producer in producers { producer.join() }
        if let violation = shared.violation.withLock({ $0 }) { throw violation }
    }
}

extension Producer.Shared {
    var acknowledgedCount: Int { acknowledged.load(ordering: .acquiring) }
    var refusedCount: Int { refused.load(ordering: .acquiring) }
    /// The problems that were answered, for the report.
    var problemText: String {
        let counts = problems.withLock { $0 }.sorted { $0.key < $1.key }
        return counts.isEmpty ? "none" : counts.map { "\($0.key) \($0.value) times" }.joined(separator: ", ")
    }
}
