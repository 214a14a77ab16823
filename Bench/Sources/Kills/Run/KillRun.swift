import BenchSupport
import Glibc

/// Kills a broker over and over in the middle of its work, and looks each time whether it kept what it had promised.
struct KillRun {
    struct Options {
        var setup: Broker.Setup
        var seed: UInt64
        var kills: Int
        var eachMin: Int
        var places: [Activity]
        var acknowledgedBetweenMin: Int
        var producers: Int
    }

    private let options: Options
    private let shared = Producer.Shared()
    private var random: SplitMix
    private var topics: TopicSet
    private(set) var plan: KillPlan
    private(set) var compared = 0
    private(set) var startLongest = Duration.zero
    private(set) var fewestBetween = Int.max

    init(_ options: Options) {
        self.options = options
        random = SplitMix(seed: options.seed)
        topics = TopicSet(seed: options.seed, places: options.places)
        plan = KillPlan(total: options.kills, places: options.places, eachMin: options.eachMin)
    }

    var acknowledged: Int { shared.acknowledged.load(ordering: .acquiring) }
    var refused: Int { shared.refused.load(ordering: .acquiring) }

    /// Runs to the end.
    ///
    /// - Throws: `Violation` when a promise was broken; anything else when a broker did what nobody expected.
    mutating func run(progress: (String) -> Void) throws {
        while !plan.isOver {
            let broker = try startAndCheck()
            let before = acknowledged
            let target = plan.target(&random)
            try disturb(broker, target)
            fewestBetween = min(fewestBetween, acknowledged - before)
            plan.note(target: target, open: broker.watch.open)
            let aim = target?.rawValue ?? "anywhere"
            progress("kill \(plan.done), aimed at \(aim), fell into: \(broker.watch.openLines.joined(separator: ", "))")
        }
        // A last look, an end in order, and a start after that.
        try startAndCheck().stop()
        try startAndCheck().stop()
    }

    private mutating func startAndCheck() throws -> Broker {
        let clock = ContinuousClock.now
        let broker = try Broker(options.setup)
        startLongest = max(startLongest, ContinuousClock.now - clock)
        do {
            compared += try topics.check(port: broker.port)
            try topics.renew(port: broker.port)
        } catch {
            try? broker.kill()
            throw error
        }
        return broker
    }

    /// Produces until enough was acknowledged, then lets the kill fall.
    private mutating func disturb(_ broker: Broker, _ target: Activity?) throws {
        let goal = acknowledged + options.acknowledgedBetweenMin + Int.random(in: 0...200, using: &random)
        let producers = (0..<options.producers).map { _ in
            Producer(shared, port: broker.port, topics: topics.models, seed: random.next(), recordsMax: 40)
        }
        for producer in producers { producer.start() }
        waitUntil(secondsMax: 30) { acknowledged >= goal || !broker.isRunning || hasViolation }
        if let target {
            broker.watch.arm(KillTrigger(activity: target, delayNanoseconds: delay(target)))
            waitUntil(secondsMax: 3) { broker.watch.hasKilled || hasViolation }
        } else {
            usleep(UInt32.random(in: 0..<50_000, using: &random))
        }
        defer {
            shared.mustStop.store(true, ordering: .releasing)
            for producer in producers { producer.join() }
            shared.mustStop.store(false, ordering: .releasing)
        }
        try broker.kill()
        if let violation = shared.violation.withLock({ $0 }) { throw violation }
    }

    /// Half of the kills fall at once, half somewhat later, as long as the place is likely to last.
    private mutating func delay(_ activity: Activity) -> UInt64 {
        guard Bool.random(using: &random) else { return 0 }
        let longest: UInt64 = activity == .checkpoint ? 2_000_000 : 200_000
        return UInt64.random(in: 0...longest, using: &random)
    }

    private var hasViolation: Bool { shared.violation.withLock { $0 != nil } }

    /// Looks every millisecond.
    private func waitUntil(secondsMax: Int, _ condition: () -> Bool) {
        let end = ContinuousClock.now + .seconds(secondsMax)
        while !condition(), ContinuousClock.now < end { usleep(1000) }
    }
}
