import BenchSupport
import Glibc

/// Everything that was measured and is kept, and what people wrote about it.
struct Kept {
    let curves: [String: CurveResult]
    let memory: MemoryResult?
    let soak: SoakResult?
    /// By curve, and `memory` and `soak`.
    let explanations: [String: String]

    init(results: String, explanations: String) throws {
        var curves: [String: CurveResult] = [:]
        for curve in Curves.all {
            curves[curve.name] = try Self.read(CurveResult.self, Self.path(results, curve))
        }
        self.curves = curves
        memory = try Self.read(MemoryResult.self, Self.memoryPath(results))
        soak = try Self.read(SoakResult.self, Self.soakPath(results))
        var texts: [String: String] = [:]
        for name in Curves.all.map(\.name) + ["memory", "soak"] {
            let path = "\(explanations)/\(name).md"
            guard access(path, R_OK) == 0 else { continue }
            texts[name] = String(try TextFile.read(path).trimmingBlankLines)
        }
        self.explanations = texts
    }

    static func path(_ results: String, _ curve: Curve) -> String { "\(results)/scaling-\(curve.name).json" }
    static func memoryPath(_ results: String) -> String { "\(results)/memory.json" }
    static func soakPath(_ results: String) -> String { "\(results)/soak.json" }

    private static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value? {
        access(path, R_OK) == 0 ? try JSONFile.read(type, from: path) : nil
    }

    /// The charts that there are figures for.
    var charts: [(name: String, text: String)] {
        Curves.all.compactMap { curve in
            guard let text = curves[curve.name].flatMap({ Self.chart(curve, $0).text }) else { return nil }
            return (Self.chartName(curve), text)
        }
    }

    static func chartName(_ curve: Curve) -> String { "scaling-\(curve.name).svg" }

    private static func chart(_ curve: Curve, _ result: CurveResult) -> LineChart {
        LineChart(
            title: "\(curve.title): the broker's processor time for a \(curve.unit), in microseconds",
            axis: curve.axis,
            places: curve.points.map { (Double($0), CurvesCommand.thousands($0)) },
            lines: curve.lines.map { line in
                LineChart.Line(
                    name: line,
                    points: curve.points.map { (Double($0), result.series(line, $0, \.microsecondsEach)) }
                )
            }
        )
    }
}

extension String {
    /// Without the line breaks at both ends.
    fileprivate var trimmingBlankLines: Substring {
        var rest = self[...]
        while rest.last == "\n" { rest.removeLast() }
        while rest.first == "\n" { rest.removeFirst() }
        return rest
    }
}
