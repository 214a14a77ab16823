import ArgumentParser
import BenchSupport
import Glibc

/// `scale-bench memory`: what each idle thing takes.
struct MemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "Bytes for each idle connection, watcher, group member and partition.",
        discussion: """
            For each kind a broker of its own, whose resident memory is looked at with more and more of them; bytes each are the
            slope of the straight line through these counts. Three rounds take some 6 minutes, a quick one takes one.
            """
    )

    @OptionGroup var options: BenchOptions
    @Flag(help: "One round, with half as many.") var quick = false
    @Option(help: "How many rounds; 3 when not given, and 1 when quick.") var rounds: Int?

    func validate() throws {
        guard rounds.map({ $0 > 0 }) ?? true else { throw ValidationError("rounds are above 0") }
    }

    func run() throws {
        try options.withScratch { scratch in
            var result = MemoryResult(date: Machine.today, machine: Machine(of: scratch), isQuick: quick)
            for round in 1...(rounds ?? (quick ? 1 : 3)) {
                var found: [String: [MemoryResult.Point]] = [:]
                for kind in IdleKind.allCases where result.failures[kind.rawValue] == nil {
                    do {
                        found[kind.rawValue] = try measure(kind, round, scratch)
                    } catch {
                        result.failures[kind.rawValue] = "\(error)"
                        Report.note("\(kind.rawValue) failed: \(error)")
                    }
                }
                result.rounds.append(found)
                try JSONFile.write(result, to: Kept.memoryPath(options.places.results))
                try options.places.write()
            }
            show(result)
            Report.note("\(options.places.document) is written")
        }
    }

    private func measure(_ kind: IdleKind, _ round: Int, _ scratch: String) throws -> [MemoryResult.Point] {
        let site = Site(program: options.program, scratch: scratch, seconds: 0, isQuick: quick)
        return try site.withBroker(kind.options) { broker in
            try kind.prepare(broker.port)
            var kept: [any Sendable] = []
            var before = 0
            var points: [MemoryResult.Point] = []
            for count in kind.counts(isQuick: quick) {
                kept.append(try kind.add(count - before, after: before, broker.port))
                before = count
                sleep(3)
                let resident = try ProcessFacts.residentMebibytes(broker.pid)
                points.append(MemoryResult.Point(count: count, mebibytes: resident))
                let number = CurvesCommand.thousands(count)
                Report.note("round \(round), \(kind.rawValue), \(number): \(fixed(resident, 1)) MiB resident")
            }
            // Everything is there until here.
            withExtendedLifetime(kept) {}
            return points
        }
    }

    private func show(_ result: MemoryResult) {
        var report = Report()
        for kind in IdleKind.allCases where !result.bytesEach(kind).values.isEmpty {
            report.add([
                Report.Cell("idle", kind.rawValue),
                Report.Cell("bytes each", result.bytesEach(kind), 0),
                Report.Cell("off the line, %", result.bend(kind), 1),
            ])
        }
        report.show(options.output)
    }
}
