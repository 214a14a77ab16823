import BenchSupport

/// One thing that there can be more and more of, and what a record or a delivery costs for it.
struct Curve: Sendable {
    /// Of its results, its chart and its explanation, too.
    let name: String
    let title: String
    /// What is done at each point, in a sentence or two.
    let work: String
    /// What there is more and more of.
    let axis: String
    /// What the cost is of: a record, or a delivery.
    let unit: String
    let points: [Int]
    /// The kinds of work, in the order of their columns.
    let lines: [String]
    /// Does all of it once at one point, each with a broker of its own; what it cost, by line.
    let measure: @Sendable (_ site: Site, _ point: Int) throws -> [String: Figures]
}

/// What one kind of work cost at one point, in one round.
struct Figures: Codable, Sendable {
    /// The broker's processor time for each record or delivery, in microseconds.
    let microsecondsEach: Double
    /// Records or deliveries a second.
    let perSecond: Double
    /// The broker's memory afterwards.
    let residentMebibytes: Double
}

/// What a point gets for one round: the program, a directory of its own, and how long load is put on.
struct Site: Sendable {
    let program: String
    let scratch: String
    var seconds: Double
    let isQuick: Bool

    /// What goes before and is not counted.
    var warmUpSeconds: Double { isQuick ? 0.3 : 0.5 }

    /// Starts a broker in an empty directory, and ends it when `body` is done.
    func withBroker<Result>(_ options: [String] = [], _ body: (Broker) throws -> Result) throws -> Result {
        let directory = try RunDirectory.make(below: scratch, named: "broker")
        defer { RunDirectory.remove(directory) }
        var setup = Broker.Setup(program: program, scratch: directory, options: options)
        setup.logLevel = "info"
        let broker = try Broker(setup)
        let result = try body(broker)
        try broker.kill()
        return result
    }
}

extension Broker {
    /// Waits until it has nothing more to do behind its answers, such as to flush the files of new partitions.
    func waitUntilIdle(secondsMax: Double) throws {
        let end = MonotonicClock.microseconds + Int64(secondsMax * 1_000_000)
        var used = try ProcessFacts.processorSeconds(pid)
        while MonotonicClock.microseconds < end {
            MonotonicClock.sleep(until: MonotonicClock.microseconds + 1_200_000)
            let now = try ProcessFacts.processorSeconds(pid)
            guard now - used > 0.05 else { return }
            used = now
        }
    }
}

/// All rounds of a curve, as they are kept.
struct CurveResult: Codable {
    let curve: String
    let date: String
    let machine: Machine
    let isQuick: Bool
    let seconds: Double
    /// Figures by point and by line, round by round.
    var rounds: [[String: [String: Figures]]] = []
    /// Why a point was left out.
    var failures: [String: String] = [:]

    /// One figure of one line at one point, over all rounds.
    func series(_ line: String, _ point: Int, _ figure: KeyPath<Figures, Double>) -> Series {
        var series = Series()
        for round in rounds { if let value = round["\(point)"]?[line]?[keyPath: figure] { series.add(value) } }
        return series
    }
}
