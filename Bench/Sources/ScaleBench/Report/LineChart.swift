import BenchSupport
import Glibc

/// Lines over logarithmic axes, with a stroke from the lowest to the highest round at each point.
struct LineChart {
    /// One line: its name, and what the rounds brought at each place.
    struct Line {
        let name: String
        let points: [(place: Double, values: Series)]
    }

    let title: String
    let axis: String
    let places: [(place: Double, label: String)]
    let lines: [Line]

    private static let width = 720.0
    private static let left = 70.0
    private static let right = 30.0
    private static let plotHeight = 280.0
    private static let colours = ["#2f81f7", "#d1495b", "#2a9d4a", "#bf8700"]
    private static let dashes = ["", "8 4", "2 4", "8 4 2 4"]

    private var top: Double { 46 + 20 * Double(lines.count) }
    private var bottom: Double { top + Self.plotHeight }

    /// Nil where nothing was measured.
    var text: String? {
        let values = lines.flatMap { $0.points.flatMap(\.values.values) }.filter { $0 > 0 }
        guard let lowest = values.min(), let highest = values.max(), places.count > 1 else { return nil }
        let scale = Self.ticks(from: lowest, to: highest)
        guard let low = scale.first, let high = scale.last else { return nil }
        func height(_ value: Double) -> Double {
            bottom - Self.plotHeight * log10(max(value, low) / low) / log10(high / low)
        }
        var pieces = [SVG.text(title, x: 10, y: 22, size: 14)]
        for tick in scale {
            pieces.append(
                SVG.line(from: (Self.left, height(tick)), to: (Self.width - Self.right, height(tick)), .faint)
            )
            pieces.append(SVG.text(Self.label(tick), x: Self.left - 8, y: height(tick) + 4, .end))
        }
        for (place, label) in places {
            pieces.append(SVG.line(from: (across(place), bottom), to: (across(place), bottom + 5), .ink))
            pieces.append(SVG.text(label, x: across(place), y: bottom + 20, .middle))
        }
        pieces.append(SVG.line(from: (Self.left, bottom), to: (Self.width - Self.right, bottom), .ink))
        pieces.append(SVG.text(axis, x: (Self.left + Self.width - Self.right) / 2, y: bottom + 40, .middle))
        for (index, line) in lines.enumerated() { pieces += draw(line, index, height) }
        return SVG.picture(width: Self.width, height: bottom + 52, pieces)
    }

    /// From the left, with room beside the first and the last place.
    private func across(_ place: Double) -> Double {
        let first = log10(places.first?.place ?? 1)
        let span = log10(places.last?.place ?? 10) - first
        return Self.left + 20 + (Self.width - Self.left - Self.right - 40) * (log10(place) - first) / span
    }

    private func draw(_ line: Line, _ index: Int, _ height: (Double) -> Double) -> [String] {
        let colour = Self.colours[index % Self.colours.count]
        let dash = Self.dashes[index % Self.dashes.count]
        let pen = "stroke=\"\(colour)\" fill=\"none\" stroke-width=\"2\""
        let points = line.points.filter { !$0.values.values.isEmpty }
        let path = points.map { "\(fixed(across($0.place), 1)),\(fixed(height($0.values.median), 1))" }
        let y = 46 + 20 * Double(index)
        var pieces = [
            "<path d=\"M 20 \(fixed(y - 4, 0)) h 40\" \(pen) stroke-dasharray=\"\(dash)\"/>",
            SVG.text(line.name, x: Self.left, y: y),
            "<polyline points=\"\(path.joined(separator: " "))\" \(pen) stroke-dasharray=\"\(dash)\"/>",
        ]
        for (place, values) in points {
            let x = fixed(across(place), 1)
            let (low, high) = (values.values.min() ?? 0, values.values.max() ?? 0)
            pieces.append("<path d=\"M \(x) \(fixed(height(low), 1)) V \(fixed(height(high), 1))\" \(pen)/>")
            pieces.append("<circle cx=\"\(x)\" cy=\"\(fixed(height(values.median), 1))\" r=\"4\" fill=\"\(colour)\"/>")
        }
        return pieces
    }

    /// One, two and five in each decade, or the decades alone where there are many, from below the lowest to above the highest.
    static func ticks(from lowest: Double, to highest: Double) -> [Double] {
        let first = Int(log10(lowest).rounded(.down))
        let last = Int(log10(highest).rounded(.up))
        let steps: [Double] = last - first > 3 ? [1] : [1, 2, 5]
        let all = (first...max(first + 1, last)).flatMap { decade in steps.map { $0 * pow(10, Double(decade)) } }
        let from = all.last { $0 <= lowest } ?? lowest
        let to = all.first { $0 >= highest && $0 > from } ?? highest
        return all.filter { $0 >= from && $0 <= to }
    }

    /// As many decimals as a tick needs.
    private static func label(_ value: Double) -> String {
        if value >= 1 { return CurvesCommand.thousands(Int(value.rounded())) }
        return fixed(value, value >= 0.1 ? 1 : value >= 0.01 ? 2 : 3)
    }
}
