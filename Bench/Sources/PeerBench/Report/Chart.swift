import BenchSupport

/// A bar for each goal: how far it was reached, where the line at 1 is the goal.
struct Chart {
    let rows: [Row]
    let results: [String: RowResult]

    private struct Bar {
        let title: String
        let reach: Double
        let isMet: Bool
        let isConclusive: Bool
    }

    private static let labelWidth = 620.0
    private static let unit = 130.0
    private static let reachMax = 3.0
    private static let lineHeight = 22.0

    var text: String {
        let bars = self.bars
        let height = Double(bars.count) * Self.lineHeight + 60
        let width = Self.labelWidth + Self.unit * Self.reachMax + 90
        let goal = Self.labelWidth + Self.unit
        var lines = [SVG.text("How far each goal was reached: 1 is the goal, more is better", x: 10, y: 20, size: 14)]
        for (index, bar) in bars.enumerated() { lines += draw(bar, y: 36 + Double(index) * Self.lineHeight) }
        lines.append(SVG.line(from: (goal, 30), to: (goal, height - 22), .ink))
        let legend = "green: met; red: missed; pale: the spread exceeds 15 %, not conclusive"
        lines.append(SVG.text(legend, x: 10, y: height - 6))
        return SVG.picture(width: width, height: height, lines)
    }

    private var bars: [Bar] {
        rows.flatMap { row in
            row.goals.compactMap { goal in
                guard let outcome = results[row.name].flatMap({ goal.outcome($0.rounds) }) else { return nil }
                let whose = row.contenders.count > 1 && row.goals.count > 1 ? " of \(goal.contender)" : ""
                return Bar(
                    title: "\(row.title): \(goal.metric.title)\(whose) \(goal.text)",
                    reach: outcome.reach,
                    isMet: outcome.isMet,
                    isConclusive: outcome.isConclusive
                )
            }
        }
    }

    private func draw(_ bar: Bar, y: Double) -> [String] {
        let length = min(bar.reach, Self.reachMax) * Self.unit
        let colour = bar.isMet ? "#2a9d4a" : "#c8402f"
        let place = "x=\"\(fixed(Self.labelWidth, 0))\" y=\"\(fixed(y, 0))\""
        let size = "width=\"\(fixed(max(1, length), 0))\" height=\"14\""
        let reach = bar.reach.isFinite ? fixed(bar.reach, 2) : "at 0"
        return [
            SVG.text(bar.title, x: 10, y: y + 11, size: 11),
            "<rect \(place) \(size) fill=\"\(colour)\" opacity=\"\(bar.isConclusive ? "1" : "0.4")\"/>",
            SVG.text(reach, x: Self.labelWidth + length + 6, y: y + 11),
        ]
    }
}
