import BenchSupport
import Glibc

/// What all rounds of a row brought, as it is kept.
struct RowResult: Codable {
    let row: String
    let date: String
    let machine: Machine
    let isQuick: Bool
    let seconds: Double
    /// Figures by contender, round by round.
    var rounds: [[String: Measurement]] = []
    /// Why a contender was left out.
    var failures: [String: String] = [:]

    init(row: Row, machine: Machine, isQuick: Bool, seconds: Double) {
        self.row = row.name
        self.machine = machine
        self.isQuick = isQuick
        self.seconds = seconds
        date = Machine.today
    }

    /// One figure of a contender over all rounds.
    func series(_ contender: String, _ metric: Metric) -> Series {
        var series = Series()
        for round in rounds { if let value = round[contender]?[metric] { series.add(value) } }
        return series
    }
}

/// The files of results.
struct Results {
    let directory: String

    func write(_ result: RowResult) throws {
        mkdir(directory, 0o755)
        try JSONFile.write(result, to: path(result.row))
    }

    /// Of all rows that were measured.
    func readAll() throws -> [String: RowResult] {
        var found: [String: RowResult] = [:]
        for row in Rows.all where access(path(row.name), R_OK) == 0 {
            found[row.name] = try JSONFile.read(RowResult.self, from: path(row.name))
        }
        return found
    }

    private func path(_ row: String) -> String { "\(directory)/\(row).json" }
}
