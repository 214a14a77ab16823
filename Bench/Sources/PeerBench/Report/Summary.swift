import BenchSupport

/// What a row came to, for whoever watches.
struct Summary {
    let row: Row
    let result: RowResult

    func show(_ format: Report.Format) {
        var report = Report()
        for contender in row.contenders {
            var cells = [Report.Cell("row", row.name), Report.Cell("contender", contender.name)]
            // All rows of a table have the same columns; what was not measured is no number.
            for metric in metrics {
                let series = result.series(contender.name, metric)
                cells.append(
                    series.values.isEmpty
                        ? Report.Cell(metric.title, "") : Report.Cell(metric.title, series, metric.decimals)
                )
            }
            report.add(cells)
        }
        report.show(format)
        guard format == .table else { return }
        for goal in row.goals {
            let outcome = goal.outcome(result.rounds)
            let ratio = outcome.map { "\(fixed($0.ratios.median, 2)): \($0.verdict)" } ?? "not measured"
            print("\(goal.metric.title) of \(goal.contender) \(goal.text): \(ratio)")
        }
        print("")
    }

    private var metrics: [Metric] {
        Metric.allCases.filter { metric in
            row.contenders.contains { !result.series($0.name, metric).values.isEmpty }
        }
    }
}
