import Glibc

/// Rows of figures, as a table for people or as JSON for programs.
package struct Report {
    /// How it is printed.
    package enum Format: String, Sendable {
        case table
        case json
    }

    /// A figure and its name.
    package struct Cell {
        package let name: String
        package let text: String
        /// The bare value; nil for what is no number.
        package let value: Double?

        /// A number with so many decimals.
        package init(_ name: String, _ value: Double, _ decimals: Int) {
            self.name = name
            self.value = value
            text = fixed(value, decimals)
        }

        /// The median of rounds with their spread.
        package init(_ name: String, _ series: Series, _ decimals: Int) {
            self.name = name
            value = series.median
            text = series.text(decimals)
        }

        /// A word.
        package init(_ name: String, _ text: String) {
            self.name = name
            self.text = text
            value = nil
        }
    }

    private var rows: [[Cell]] = []

    package init() {}

    package mutating func add(_ cells: [Cell]) {
        rows.append(cells)
    }

    package func show(_ format: Format) {
        switch format {
        case .table: showTable()
        case .json: print("[\(rows.map(Self.object).joined(separator: ",\n "))]")
        }
    }

    private func showTable() {
        guard let first = rows.first else { return }
        print("| \(first.map(\.name).joined(separator: " | ")) |")
        print("| --- |" + String(repeating: " ---: |", count: first.count - 1))
        for row in rows { print("| \(row.map(\.text).joined(separator: " | ")) |") }
        print("")
    }

    private static func object(_ cells: [Cell]) -> String {
        let members = cells.map { cell in
            guard let value = cell.value else { return "\"\(cell.name)\":\"\(cell.text)\"" }
            return "\"\(cell.name)\":\(value.isFinite ? "\(value)" : "null")"
        }
        return "{\(members.joined(separator: ","))}"
    }

    /// A line beside the figures, where it does not get between them.
    package static func note(_ text: String) {
        let program = CommandLine.arguments.first?.split(separator: "/").last ?? "bench"
        let line = Array("\(program): \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
