import GroupTestSupport

/// What a run found: tables, what was wrong, and the lines that a reader looks for at the end.
struct SimulationReport {
    var seconds = 0
    var rows: [MovementTable.Row] = []
    var mutants: [MutantRun.Mutant] = []
    private var schedules = ScheduleRun.Result()
    private var searches: [(statics: Int, depth: Int, findings: GroupExplorer.Findings)] = []

    mutating func take(_ result: ScheduleRun.Result) {
        schedules = result
    }

    mutating func take(_ findings: GroupExplorer.Findings, statics: Int, depth: Int) {
        searches.append((statics, depth, findings))
    }

    /// Whether groups kept every promise and every check was made.
    var isGood: Bool {
        violationCount == 0 && isEmptied && rows.allSatisfy(\.isMinimal) && mutants.allSatisfy { $0.text != nil }
    }

    private var isEmptied: Bool { searches.allSatisfy { $0.findings.isEmptied } }

    private var violationCount: Int {
        schedules.violations.count + searches.reduce(0) { $0 + $1.findings.violations.count }
    }

    /// All of it.
    var text: String {
        [movementLines, mutantLines, searchLines, failureLines, summaryLines].filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var movementLines: [String] {
        [
            "| members | partitions | one added: moved / least | one of them removed: moved / least | shares differ by |",
            "| ---: | ---: | ---: | ---: | ---: |",
        ]
            + rows.map { row in
                let added = "\(row.added.moved) / \(row.added.least)"
                let removed = row.memberCount < 2 ? "-" : "\(row.removed.moved) / \(row.removed.least)"
                return "| \(row.memberCount) | \(row.partitionCount) | \(added) | \(removed) | \(row.difference) |"
            }
    }

    private var mutantLines: [String] {
        if mutants.isEmpty { return [] }
        return ["| mutant | caught after schedules | by |", "| --- | ---: | --- |"]
            + mutants.map { "| \($0.fault) | \($0.scheduleCount) | \($0.text ?? "NOT CAUGHT") |" }
    }

    private var searchLines: [String] {
        searches.map { search in
            let levels = search.findings.newAtDepth.map(String.init).joined(separator: " ")
            return """
                3 members (\(search.statics) static) x 4 partitions to depth \(search.depth): \
                \(search.findings.stateCount) states by \(search.findings.stepCount) steps, new at each depth: \(levels)
                """
        }
    }

    private var failureLines: [String] {
        var lines = schedules.violations.flatMap { violation in
            [
                "FAILURE: \(violation.text)",
                "  again with: \(CommandLine.arguments[0]) replay --seed \(violation.seed)",
            ]
        }
        for violation in searches.flatMap(\.findings.violations).prefix(10) {
            lines.append("FAILURE: \(violation.text)")
            lines.append("  after: \(violation.path.map(\.description).joined(separator: ", "))")
        }
        lines += mutants.filter { $0.text == nil }.map { "FAILURE: mutant \($0.fault) was not caught" }
        lines += rows.filter { !$0.isMinimal }.map { "FAILURE: \($0.memberCount) members move more than they must" }
        return lines
    }

    private var summaryLines: [String] {
        var lines = [
            "seconds: \(seconds)",
            "schedules: \(schedules.scheduleCount)",
            "commands in schedules: \(schedules.commandCount)",
            "states searched: \(searches.reduce(0) { $0 + $1.findings.stateCount })",
            "steps searched: \(searches.reduce(0) { $0 + $1.findings.stepCount })",
            "frontier: \(isEmptied ? "emptied" : "NOT EMPTIED")",
            "movements: \(rows.allSatisfy(\.isMinimal) ? "minimal" : "MORE THAN MINIMAL")",
            "violations: \(violationCount)",
        ]
        if !mutants.isEmpty { lines.append("mutants caught: \(mutants.count { $0.text != nil })/\(mutants.count)") }
        return lines
    }
}
