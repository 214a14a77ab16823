/// Columns of text: numbers to the right, everything else to the left.
struct Table {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    init(_ header: [String]) {
        self.header = header
    }

    /// The same columns without rows.
    var emptied: Table {
        var table = self
        table.rows = []
        return table
    }

    /// Adds a row, one text a column.
    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    /// Adds a row, one text a column.
    mutating func add(_ cells: [String]) {
        rows.append(cells)
    }

    /// The whole table, each line ended.
    var text: String {
        let widths = header.indices.map { column in
            ([header] + rows).map { $0[column].count }.max() ?? 0
        }
        let isNumeric = header.indices.map { column in
            !rows.isEmpty && rows.allSatisfy { $0[column] == "-" || Int64($0[column]) != nil }
        }
        return ([header] + rows).map { row in
            let cells = row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return isNumeric[column] ? padding + row[column] : row[column] + padding
            }
            var line = cells.joined(separator: "  ")
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
