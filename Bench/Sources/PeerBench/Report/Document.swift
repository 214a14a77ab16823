import BenchSupport

/// The page of figures, made from the results and from nothing else.
struct Document {
    let rows: [Row]
    let results: [String: RowResult]

    var text: String {
        var parts = [introduction, goals, machines]
        parts += rows.compactMap { row in results[row.name].map { section(row, $0) } }
        parts.append(notMeasured)
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var introduction: String {
        let quick = results.values.contains { $0.isQuick }
        let warning =
            "**Of a quick run** (`make bench QUICK=1`), at least in part: fewer and shorter rounds, smaller logs. A trial, no result."
        return """
            # Benchmarks

            `make bench` writes this page: it runs Millrace and what people use instead on the same work, in alternating rounds on one
            machine, over loopback, with the clients on the same processors. Each contender begins each round with an empty directory and
            a server of its own, and no other server runs beside it. A figure is the median of all rounds with their spread (highest less
            lowest, as a share of the median); a ratio is the median of the ratios of each round. **A ratio whose spread exceeds 15 % is not
            conclusive**, and says so. Absolute figures move from machine to machine; only ratios taken side by side count, and only within
            one durability class: *flushed* is on stable storage before the answer, *written* in the system's cache, *memory only* no file at
            all. Where a peer promises less than Millrace, the ratio says what the promise costs, not who is better.

            Where there is a rate, latencies count from when the request should have been sent. Every answer is checked, and what was
            acknowledged is counted again in the broker, the stream or the group. The configurations and clients of the peers are in
            `Bench/peers`, all rounds' figures in `Bench/results`. `make bench ROWS=catch-up,group` measures some rows again, and
            `make bench-load LOAD="watch --rate 1000"` puts a load of one's own choice on a broker. How costs grow with the number of
            partitions, watchers and bytes is in [scaling.md](scaling.md).\(quick ? "\n\n\(warning)" : "")

            ![How far each goal was reached](benchmarks.svg)
            """
    }

    private var goals: String {
        var lines = [
            "## Goals", "", "| work | goal | measured | | what bounds it |", "| --- | --- | ---: | --- | --- |",
        ]
        for row in rows {
            for (number, goal) in row.goals.enumerated() {
                let what = row.contenders.count > 1 && row.goals.count > 1 ? " (\(goal.contender))" : ""
                let work = "\(row.title), \(goal.metric.title)\(what)"
                let ceiling = number == 0 ? " \(row.ceiling)" : ""
                lines.append("| \(work) | \(goal.text) | \(measured(row, goal)) |\(ceiling) |")
            }
        }
        return lines.joined(separator: "\n")
    }

    private func measured(_ row: Row, _ goal: Goal) -> String {
        guard let outcome = results[row.name].flatMap({ goal.outcome($0.rounds) }) else { return "| not measured" }
        let spread = "spread \(fixed(outcome.ratios.spread * 100, 0)) %"
        return "\(fixed(outcome.ratios.median, 2)) (\(spread)) | \(outcome.verdict)"
    }

    private var machines: String {
        let found = Set(results.values.map(\.machine))
        guard !found.isEmpty else { return "" }
        return (["## The machine and the versions", ""] + found.map(\.text).sorted()).joined(separator: "\n")
    }

    private func section(_ row: Row, _ result: RowResult) -> String {
        let metrics = Metric.allCases.filter { metric in
            row.contenders.contains { !result.series($0.name, metric).values.isEmpty }
        }
        let heads = ["", "class"] + metrics.map(\.title)
        var lines = ["## \(row.title)", "", row.work, ""]
        lines.append("| \(heads.joined(separator: " | ")) |".replacing("|  |", with: "| |"))
        lines.append("| --- | --- |" + String(repeating: " ---: |", count: metrics.count))
        for contender in row.contenders {
            let cells = metrics.map { metric -> String in
                let series = result.series(contender.name, metric)
                guard !series.values.isEmpty else { return "" }
                return "\(fixed(series.median, metric.decimals)) (\(fixed(series.spread * 100, 0)) %)"
            }
            let line = ([contender.name, contender.durability.rawValue] + cells).joined(separator: " | ")
            lines.append("| \(line) |".replacing("|  |", with: "| |").replacing("|  |", with: "| |"))
        }
        let count = result.rounds.count
        let rounds = "\(count) round\(count == 1 ? "" : "s") of \(trimmed(result.seconds)) s, \(result.date)"
        lines += ["", "In brackets: the spread. \(rounds)\(result.isQuick ? ", quick" : "")."]
        lines += row.contenders.map { "- \($0.name): \($0.setup)." }
        lines += result.failures.sorted { $0.key < $1.key }.map { name, reason in
            "- **\(name) was left out**: \(reason.replacing("\n", with: " "))"
        }
        return lines.joined(separator: "\n")
    }

    private var notMeasured: String {
        var lines = rows.filter { results[$0.name] == nil }.map { "- \($0.title)" }
        lines += [
            "- Debian's NATS cannot flush before it answers, so there is no *flushed* figure of it",
            "- ext4 with its journal, XFS, and other devices: the figures are of the file system above alone",
        ]
        return (["## Not measured", ""] + lines).joined(separator: "\n")
    }
}
