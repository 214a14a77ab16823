import BenchSupport

/// A curve's figures as a table: for whoever watches, and for the page.
struct CurveTable {
    let curve: Curve
    let result: CurveResult

    private var rows: [[Report.Cell]] {
        curve.points.filter { point in result.rounds.contains { $0["\(point)"] != nil } }.map { point in
            var cells = [Report.Cell(curve.axis, Double(point), 0)]
            for line in curve.lines {
                let head = curve.lines.count > 1 ? "\(line): " : ""
                cells.append(Report.Cell("\(head)us a \(curve.unit)", series(line, point, \.microsecondsEach), 2))
                cells.append(Report.Cell("\(head)\(Self.plural(curve.unit))/s", series(line, point, \.perSecond), 0))
                cells.append(Report.Cell("\(head)MiB", series(line, point, \.residentMebibytes), 0))
            }
            return cells
        }
    }

    private func series(_ line: String, _ point: Int, _ figure: KeyPath<Figures, Double>) -> Series {
        result.series(line, point, figure)
    }

    func show(_ format: Report.Format) {
        var report = Report()
        for row in rows { report.add(row) }
        report.show(format)
    }

    /// For the page: the median, and the spread in brackets; memory is in the results alone.
    var lines: [String] {
        let heads =
            [curve.axis]
            + curve.lines.flatMap { line in
                let head = curve.lines.count > 1 ? "\(line), " : ""
                return ["\(head)us a \(curve.unit)", "\(head)\(Self.plural(curve.unit))/s"]
            }
        let rule = String(repeating: " ---: |", count: heads.count)
        return ["| \(heads.joined(separator: " | ")) |", "|\(rule)"]
            + curve.points.map { point in
                let cells = curve.lines.flatMap { line in
                    [
                        Self.text(series(line, point, \.microsecondsEach), 2),
                        Self.text(series(line, point, \.perSecond), 0),
                    ]
                }
                let place = CurvesCommand.thousands(point)
                return "| \(([place] + cells).joined(separator: " | ")) |".replacing("|  |", with: "| |")
            }
    }

    private static func text(_ series: Series, _ decimals: Int) -> String {
        guard !series.values.isEmpty else { return "" }
        let number =
            decimals == 0 ? CurvesCommand.thousands(Int(series.median.rounded())) : fixed(series.median, decimals)
        return "\(number) (\(fixed(series.spread * 100, 0)) %)"
    }

    private static func plural(_ unit: String) -> String {
        unit == "delivery" ? "deliveries" : "\(unit)s"
    }
}
