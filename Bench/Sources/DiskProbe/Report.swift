import BenchSupport

/// The figures of a run, as a table to paste or as JSON to compute with.
struct Report: Sendable {
    let place: Place
    let secondsEach: Double
    let repeats: Int
    let rows: [Row]

    /// A Markdown table below a line that says what it was measured on.
    var markdown: String {
        let head = [
            "\(place.fileSystem) (\(place.options)); Linux \(place.kernel); \(place.processorCount) x \(place.processor); "
                + "\(repeats) times \(fixed(secondsEach, 0)) s each",
            "",
            "| one round | median ms | (of each repetition) | p99 ms | longest ms | rounds/s | MB/s |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        return (head + rows.map(line)).joined(separator: "\n")
    }

    /// One object: what it was measured on, and a row for each pattern; `null` where there is no figure.
    var json: String {
        let fields = [
            "\"fileSystem\":\(quoted(place.fileSystem))", "\"options\":\(quoted(place.options))",
            "\"kernel\":\(quoted(place.kernel))", "\"processor\":\(quoted(place.processor))",
            "\"processorCount\":\(place.processorCount)", "\"secondsEach\":\(secondsEach)", "\"repeats\":\(repeats)",
            "\"rows\":[\(rows.map(object).joined(separator: ","))]",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private func line(_ row: Row) -> String {
        guard !row.repetitions.isEmpty else { return "| \(row.pattern.name) | refused | | | | | |" }
        func milliseconds(_ value: Double?) -> String { value.map { fixed($0, 2) } ?? "" }
        let cells = [
            milliseconds(row.medianMilliseconds),
            row.spread.map { "\(fixed($0.lowerBound, 2)) to \(fixed($0.upperBound, 2))" } ?? "",
            milliseconds(row.p99Milliseconds),
            milliseconds(row.longestMilliseconds),
            fixed(row.roundsPerSecond ?? 0, 0),
            fixed(row.megabytesPerSecond ?? 0, 1),
        ]
        return "| \(row.pattern.name) | \(cells.joined(separator: " | ")) |"
    }

    private func object(_ row: Row) -> String {
        func number(_ value: Double?) -> String { value.map { "\($0)" } ?? "null" }
        let fields = [
            "\"name\":\(quoted(row.pattern.name))",
            "\"bytesPerRound\":\(row.pattern.bytesPerRound)",
            "\"medianMs\":\(number(row.medianMilliseconds))",
            "\"medianMsLowest\":\(number(row.spread?.lowerBound))",
            "\"medianMsHighest\":\(number(row.spread?.upperBound))",
            "\"p99Ms\":\(number(row.p99Milliseconds))",
            "\"longestMs\":\(number(row.longestMilliseconds))",
            "\"roundsPerSecond\":\(number(row.roundsPerSecond))",
            "\"megabytesPerSecond\":\(number(row.megabytesPerSecond))",
        ]
        return "{\(fields.joined(separator: ","))}"
    }

    private func quoted(_ text: String) -> String {
        "\"\(text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined())\""
    }
}

/// A number with a fixed count of decimals, without Foundation.
private func fixed(_ value: Double, _ decimals: Int) -> String {
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    guard decimals > 0 else { return "\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}
