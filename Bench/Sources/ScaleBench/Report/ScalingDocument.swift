import BenchSupport

/// The page, made from what is kept and from nothing else.
struct ScalingDocument {
    let kept: Kept

    var text: String {
        var parts = [introduction]
        parts += Curves.all.map(section)
        parts += [memory, soak, machines, Self.commands]
        return parts.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private var introduction: String {
        let isQuick = kept.curves.values.contains { $0.isQuick } || kept.memory?.isQuick == true
        let warning = "\n\n**Of a quick run**, at least in part: fewer and shorter rounds. A trial, no result."
        return """
            # Scaling, memory and endurance

            What the broker costs as there is more of everything: `make bench-scaling`, `make bench-memory` and `make soak` measure it
            and write this page; what explains a curve is written by hand in `Bench/explanations`, and is put below its table. A broker
            as a process with an empty directory for each point, its clients on the same processors, over loopback; every record is
            flushed before its answer, and counted again in the broker. A figure is the median of rounds that each went through all
            points, and in brackets their spread: highest less lowest, as a share of the median. **Beyond 15 % it is not conclusive.**

            The cost is the broker's processor time, by the scheduler's clock: it does not know what the disk took, and depends less on
            what else the machine does than a rate. Rates are of this machine alone. In the charts both axes are logarithmic, and a
            stroke goes from the lowest to the highest round.\(isQuick ? warning : "")
            """
    }

    private func section(_ curve: Curve) -> String {
        var lines = ["## \(curve.title)", "", curve.work, ""]
        guard let result = kept.curves[curve.name] else {
            return (lines + ["Not measured yet."]).joined(separator: "\n")
        }
        if kept.charts.contains(where: { $0.name == Kept.chartName(curve) }) {
            lines += ["![\(curve.title): processor time for a \(curve.unit)](\(Kept.chartName(curve)))", ""]
        }
        lines += CurveTable(curve: curve, result: result).lines
        let count = result.rounds.count
        let rounds = "\(count) round\(count == 1 ? "" : "s") of \(fixed(result.seconds, 1)) s, \(result.date)"
        lines += ["", "\(rounds)\(result.isQuick ? ", quick" : "")."]
        lines += result.failures.sorted { $0.key < $1.key }.map { point, reason in
            "**\(point) \(curve.axis) were left out**: \(reason.replacing("\n", with: " "))"
        }
        lines += ["", kept.explanations[curve.name] ?? "Not explained yet."]
        return lines.joined(separator: "\n")
    }

    private var memory: String {
        var lines = ["## Memory", "", MemoryResult.work, ""]
        guard let result = kept.memory else { return (lines + ["Not measured yet."]).joined(separator: "\n") }
        lines += result.lines
        return (lines + ["", kept.explanations["memory"] ?? "Not explained yet."]).joined(separator: "\n")
    }

    private var soak: String {
        var lines = ["## Endurance", "", SoakResult.work, ""]
        guard let result = kept.soak else { return (lines + ["Not measured yet."]).joined(separator: "\n") }
        lines += result.lines
        if let text = kept.explanations["soak"] { lines += ["", text] }
        return lines.joined(separator: "\n")
    }

    private var machines: String {
        let found = Set(
            kept.curves.values.map(\.machine) + [kept.memory?.machine, kept.soak?.machine].compactMap { $0 }
        )
        guard !found.isEmpty else { return "" }
        return (["## The machine and the versions", ""] + found.map(\.text).sorted()).joined(separator: "\n")
    }

    private static let commands = """
        ## Measure it yourself

        ```
        make bench-scaling                     all curves, 25 minutes at most; QUICK=1 6 at most, CURVES=watchers one alone
        make bench-memory                      bytes for each idle thing, some 6 minutes; QUICK=1 one
        make soak                              an hour; MINUTES=5, or QUICK=1 for two
        Bench/.build/release/scale-bench document     writes this page again, with new explanations
        ```
        """
}
