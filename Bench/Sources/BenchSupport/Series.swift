/// One figure, measured in several rounds.
package struct Series {
    package private(set) var values: [Double] = []

    package init() {}

    package mutating func add(_ value: Double) {
        values.append(value)
    }

    package var median: Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }

    /// How far the rounds lie apart, as a share of their median.
    package var spread: Double {
        guard let lowest = values.min(), let highest = values.max() else { return .nan }
        guard lowest < highest else { return 0 }
        guard median > 0 else { return .nan }
        return (highest - lowest) / median
    }

    /// The ratios of rounds that were measured one after the other.
    package func ratio(to other: Series) -> Series {
        var ratio = Series()
        for (mine, theirs) in zip(values, other.values) { ratio.add(mine / theirs) }
        return ratio
    }
}

/// A table for the documents.
package struct Table {
    private let columns: [String]
    private var lines: [[String]] = []

    /// Beyond this a row says nothing for certain.
    package static let spreadMax = 0.15

    package init(_ columns: String...) {
        self.columns = columns
    }

    package mutating func add(_ cells: String...) {
        lines.append(cells)
    }

    package func show() {
        print("| \(columns.joined(separator: " | ")) |")
        print("| --- |" + String(repeating: " ---: |", count: columns.count - 1))
        for line in lines { print("| \(line.joined(separator: " | ")) |") }
        print("")
    }
}

extension Series {
    /// The median with the spread, and a word where that is too wide.
    package func text(_ decimals: Int) -> String {
        let verdict = spread > Table.spreadMax ? ", not conclusive" : ""
        return "\(fixed(median, decimals)) (spread \(fixed(spread * 100, 0)) %\(verdict))"
    }
}

/// A number with a fixed count of decimals, without Foundation.
package func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite else { return "none" }
    var scale = 1
    for _ in 0..<decimals { scale *= 10 }
    let scaled = Int((value * Double(scale)).rounded())
    guard decimals > 0 else { return "\(scaled)" }
    let fraction = String(scaled % scale)
    return "\(scaled / scale)." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

extension Duration {
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
