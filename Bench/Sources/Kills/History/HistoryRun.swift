import BenchSupport
import Glibc

/// Producers that try again, a consumer that watches, and a broker that is killed under them; then the whole log is compared.
struct HistoryRun {
    struct Options {
        var setup: Broker.Setup
        var seed: UInt64
        var secondsMax: Int
        var producers: Int
        var isIdempotent: Bool
        var grows: Bool
    }

    private let options: Options
    private let history: History
    private let seat = BrokerSeat()
    private let partitions = SharedCount(4)
    private let watcher: HistoryWatcher
    private var random: SplitMix
    private(set) var check: HistoryCheck

    private static let partitionsMax = 16

    init(_ options: Options) {
        self.options = options
        history = History(topic: "history", seed: options.seed, isIdempotent: options.isIdempotent)
        watcher = HistoryWatcher(history: history, seat: seat)
        random = SplitMix(seed: options.seed)
        check = HistoryCheck(history)
    }

    var counts: History.Counts { history.counts }
    var requests: Int { history.all.count }
    var kills: Int { seat.kills }
    var shown: Int { watcher.records }
    var watches: Int { watcher.connections }
    var partitionCount: Int { partitions.value }

    mutating func run() throws {
        var broker = try Broker(options.setup)
        try Client(port: broker.port).createTopic(history.topic, "{\"partitions\":\(partitions.value)}")
        seat.sit(broker.port)
        let threads = startThreads()
        do {
            broker = try disturb(broker)
        } catch {
            history.violated("\(error)")
        }
        seat.close()
        for thread in threads { thread.join() }
        if let violation = history.violation {
            try? broker.kill()
            throw Violation(violation)
        }
        try broker.kill()
        broker = try Broker(options.setup)
        check = HistoryCheck(history)
        try check.run(port: broker.port, shown: watcher.seen)
        try broker.stop()
    }

    private mutating func startThreads() -> [SystemThread] {
        let (history, seat, partitions, watcher) = (history, seat, partitions, watcher)
        let producers = (0..<options.producers).map { number in
            let seed = random.next()
            return SystemThread {
                var producer = HistoryProducer(
                    number: number,
                    history: history,
                    seat: seat,
                    partitions: partitions,
                    seed: seed
                )
                producer.run()
            }
        }
        return producers + [SystemThread { watcher.run() }]
    }

    /// Kills the broker when somebody asks for it and now and then besides, and lets the topic grow.
    private mutating func disturb(_ first: Broker) throws -> Broker {
        var broker = first
        let end = ContinuousClock.now + .seconds(options.secondsMax)
        var nextKill = ContinuousClock.now + .milliseconds(500)
        while ContinuousClock.now < end, history.violation == nil {
            usleep(2000)
            if options.grows, Int.random(in: 0..<1000, using: &random) == 0 { try grow(broker) }
            guard seat.wantsKill || ContinuousClock.now > nextKill else { continue }
            seat.leave()
            try broker.kill()
            broker = try Broker(options.setup)
            seat.sit(broker.port)
            nextKill = ContinuousClock.now + .milliseconds(Int.random(in: 100...1500, using: &random))
        }
        return broker
    }

    private func grow(_ broker: Broker) throws {
        guard partitions.value < Self.partitionsMax else { return }
        let count = partitions.value + 1
        // Counted before it is asked for: an answer of just now may know of it already.
        history.tally { $0.growths += 1 }
        let request = HTTPRequest("PATCH", "/v1/topics/\(history.topic)", body: Array("{\"partitions\":\(count)}".utf8))
        try Client(port: broker.port).expect([200], of: request)
        partitions.value = count
    }
}
