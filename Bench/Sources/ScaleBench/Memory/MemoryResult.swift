import BenchSupport

/// What idle things take, as it is kept.
struct MemoryResult: Codable {
    /// The broker's resident memory with so many.
    struct Point: Codable {
        let count: Int
        let mebibytes: Double
    }

    let date: String
    let machine: Machine
    let isQuick: Bool
    /// Points by kind, round by round.
    var rounds: [[String: [Point]]] = []
    /// Why a kind was left out.
    var failures: [String: String] = [:]

    static let work = """
        The broker's resident memory, as Linux tells it, with more and more of one thing that does nothing: a broker of its own for each
        kind, looked at 3 s after they are all there. *Bytes each* is the slope of the straight line through the counts, so that what is
        there without them does not count; beside it how far the farthest count lies from that line, as a share of what is above the
        line's beginning. The kernel's buffers are not in it.
        """

    /// The straight line through what each round saw of a kind.
    func trends(_ kind: IdleKind) -> [Trend] {
        rounds.compactMap { $0[kind.rawValue] }.map { points in
            Trend(points.map { (Double($0.count), $0.mebibytes * 1_048_576) })
        }
    }

    /// Bytes for each of a kind, round by round.
    func bytesEach(_ kind: IdleKind) -> Series {
        var series = Series()
        for trend in trends(kind) { series.add(trend.slope) }
        return series
    }

    /// How far from a straight line the rounds are, in percent.
    func bend(_ kind: IdleKind) -> Series {
        var series = Series()
        for (round, trend) in zip(rounds.compactMap { $0[kind.rawValue] }, trends(kind)) {
            let most = Double(round.map(\.count).max() ?? 0)
            series.add(trend.deviationMax * 100 / (trend.slope * most).magnitude)
        }
        return series
    }

    /// For the page.
    var lines: [String] {
        var lines = [
            "| idle | what it is | counts | bytes each | off the line, % |", "| --- | --- | --- | ---: | ---: |",
        ]
        for kind in IdleKind.allCases where !bytesEach(kind).values.isEmpty {
            let counts = rounds.compactMap { $0[kind.rawValue] }.first?.map { CurvesCommand.thousands($0.count) } ?? []
            let bytes = bytesEach(kind)
            let number = "\(CurvesCommand.thousands(Int(bytes.median.rounded()))) (\(fixed(bytes.spread * 100, 0)) %)"
            let cells = [
                kind.rawValue, kind.explanation, counts.joined(separator: "; "), number, fixed(bend(kind).median, 1),
            ]
            lines.append("| \(cells.joined(separator: " | ")) |")
        }
        let count = rounds.count
        lines += [
            "", "\(count) round\(count == 1 ? "" : "s"), \(date)\(isQuick ? ", quick" : ""). In brackets the spread.",
        ]
        lines += failures.sorted { $0.key < $1.key }.map { name, reason in
            "**\(name) was left out**: \(reason.replacing("\n", with: " "))"
        }
        return lines
    }
}
