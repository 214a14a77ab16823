import ArgumentParser
import BenchSupport
import Glibc

/// `scale-bench curves`: what a record or a delivery costs with more and more of everything.
struct CurvesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "curves",
        abstract:
            "What a record or a delivery costs with more partitions, watchers, bytes a record, records a request.",
        discussion: """
            At each point a broker with an empty directory, a load of some seconds, and its processor time for each record. A round
            goes through all points of all curves; rounds go on until there are --rounds, or until another one would not end
            within --minutes. After each round the results are kept and the page is written.
            """
    )

    @OptionGroup var options: BenchOptions
    @Option(
        help: "The curves, with commas between: \(Curves.all.map(\.name).joined(separator: ", ")); all when not given."
    )
    var curves: String?
    @Flag(help: "Two short rounds: a trial within 6 minutes.") var quick = false
    @Option(help: "How many rounds; 5 when not given, and 2 when quick.") var rounds: Int?
    @Option(help: "How long load is put on at each point, in seconds; 2 when not given, and 0.7 when quick.")
    var seconds: Double?
    @Option(help: "No round begins that would not end within so many minutes; 24 when not given, and 6 when quick.")
    var minutes: Double?

    func validate() throws {
        guard rounds.map({ $0 > 0 }) ?? true, seconds.map({ $0 > 0 }) ?? true, minutes.map({ $0 > 0 }) ?? true else {
            throw ValidationError("rounds, seconds and minutes are above 0")
        }
        _ = try chosen()
    }

    func run() throws {
        try options.withScratch { scratch in
            let machine = Machine(of: scratch)
            let chosen = try self.chosen()
            let seconds = self.seconds ?? (quick ? 0.7 : 2)
            var results = chosen.map { curve in
                CurveResult(
                    curve: curve.name,
                    date: Machine.today,
                    machine: machine,
                    isQuick: quick,
                    seconds: seconds
                )
            }
            let begin = MonotonicClock.microseconds
            let budget = (minutes ?? (quick ? 6 : 24)) * 60
            var longest = 0.0
            for round in 1...(rounds ?? (quick ? 2 : 5)) {
                let from = Self.elapsed(since: begin)
                guard from + longest <= budget else {
                    Report.note("round \(round) is left out: it would not end within \(fixed(budget / 60, 0)) minutes")
                    break
                }
                for (index, curve) in chosen.enumerated() {
                    try measure(curve, round, scratch, seconds, &results[index], since: begin)
                    try JSONFile.write(results[index], to: Kept.path(options.places.results, curve))
                }
                longest = max(longest, Self.elapsed(since: begin) - from)
                try options.places.write()
            }
            for (curve, result) in zip(chosen, results) {
                CurveTable(curve: curve, result: result).show(options.output)
            }
            Report.note("\(options.places.document) is written, after \(fixed(Self.elapsed(since: begin), 0)) s")
        }
    }

    /// One round of one curve.
    private func measure(
        _ curve: Curve,
        _ round: Int,
        _ scratch: String,
        _ seconds: Double,
        _ result: inout CurveResult,
        since begin: Int64
    ) throws {
        let site = Site(program: options.program, scratch: scratch, seconds: seconds, isQuick: quick)
        var figures: [String: [String: Figures]] = [:]
        for point in curve.points where result.failures["\(point)"] == nil {
            do {
                let found = try curve.measure(site, point)
                figures["\(point)"] = found
                let costs = curve.lines.compactMap { line in
                    found[line].map { "\(line) \(fixed($0.microsecondsEach, 2)) us" }
                }
                let place = "round \(round), \(Self.thousands(point)) \(curve.axis)"
                Report.note("\(fixed(Self.elapsed(since: begin), 0)) s, \(place): \(costs.joined(separator: ", "))")
            } catch {
                result.failures["\(point)"] = "\(error)"
                Report.note("\(point) \(curve.axis) failed, and is left out from now on: \(error)")
            }
            // What one leaves to be written is not for the next one to wait for.
            sync()
        }
        result.rounds.append(figures)
    }

    private static func elapsed(since begin: Int64) -> Double {
        Double(MonotonicClock.microseconds - begin) / 1_000_000
    }

    private func chosen() throws -> [Curve] {
        guard let curves else { return Curves.all }
        return try curves.split(separator: ",").map { name in
            guard let curve = Curves.all.first(where: { $0.name == name }) else {
                throw ValidationError("no curve \(name); there are \(Curves.all.map(\.name).joined(separator: ", "))")
            }
            return curve
        }
    }

    /// With commas, for people.
    static func thousands(_ number: Int) -> String {
        let digits = Array("\(number)")
        var text = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { text.append(",") }
            text.append(digit)
        }
        return text
    }
}
