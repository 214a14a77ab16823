import BenchSupport
import Glibc

/// Lets the contenders of a row take turns.
struct Runner {
    let shop: Workshop
    let rounds: Int
    let machine: Machine

    /// All rounds of a row.
    ///
    /// Who fails is left out from then on, and the reason is kept.
    func run(_ row: Row) throws -> RowResult {
        var result = RowResult(row: row, machine: machine, isQuick: shop.isQuick, seconds: shop.seconds)
        for round in 0..<(shop.isQuick ? min(rounds, row.quickRoundsMax) : rounds) {
            var figures: [String: Measurement] = [:]
            // Each is first once in a while, so that nobody always follows the same one.
            let turn = round % row.contenders.count
            for contender in row.contenders[turn...] + row.contenders[..<turn] {
                guard result.failures[contender.name] == nil else { continue }
                Report.note("\(row.name), round \(round + 1) of \(rounds), \(contender.name)")
                do {
                    figures[contender.name] = try measure(contender)
                } catch {
                    result.failures[contender.name] = "\(error)"
                    Report.note("\(contender.name) failed: \(error)")
                }
            }
            result.rounds.append(figures)
        }
        return result
    }

    /// In a directory of its own; what it leaves is removed and flushed before the next one begins.
    private func measure(_ contender: Contender) throws -> Measurement {
        var shop = shop
        shop.scratch = "\(self.shop.scratch)/round"
        try RunDirectory.make(at: shop.scratch)
        defer {
            RunDirectory.remove(shop.scratch)
            sync()
        }
        return try contender.measure(shop).filter { $0.value.isFinite }
    }
}
