import Foundation
import Testing

/// The sample of `data/` is what its README says.
@Suite struct SampleTests {
    /// What the tests look at in an event of the sample.
    struct Event: Decodable {
        let key: String
        let change: String
        let revision: Int
        let time: String
    }

    @Test func changesAreConsistentPerKey() throws {
        var live: Set<String> = []
        var revisions: [String: Int] = [:]
        var time = ""
        for event in try Self.events() {
            #expect((event.change == "ADDED") != live.contains(event.key), "\(event)")
            #expect(event.revision == revisions[event.key, default: 0] + 1, "\(event)")
            #expect(event.time >= time, "\(event)")
            revisions[event.key] = event.revision
            time = event.time
            if event.change == "DELETED" { live.remove(event.key) } else { live.insert(event.key) }
        }
    }

    @Test func totalsAreThoseOfTheReadme() throws {
        let events = try Self.events()
        let totals = try Self.totalsOfReadme()
        let bytes = try Repository.text(of: Self.path).utf8.count
        let live = Dictionary(events.map { ($0.key, $0.change) }) { $1 }.values.filter { $0 != "DELETED" }.count
        #expect(totals["lines"] == events.count)
        #expect(totals["bytes"] == bytes)
        #expect(totals["distinct keys"] == Set(events.map(\.key)).count)
        #expect(totals["live keys at the end"] == live)
        for change in ["ADDED", "MODIFIED", "DELETED"] {
            #expect(totals["`\(change)`"] == events.count { $0.change == change }, "\(change)")
        }
        for kind in ["carts/", "customers/", "orders/", "products/", "stock/"] {
            #expect(totals["`\(kind)`"] == events.count { $0.key.hasPrefix(kind) }, "\(kind)")
        }
    }

    private static let path = "data/change-events.ndjson"

    private static func events() throws -> [Event] {
        let decoder = JSONDecoder()
        return try Repository.text(of: path).split(separator: "\n").map { line in
            try decoder.decode(Event.self, from: Data(line.utf8))
        }
    }

    /// The rows of two cells whose second is a number.
    private static func totalsOfReadme() throws -> [String: Int] {
        let rows = try Repository.lines(of: "data/README.md").compactMap { line -> (String, Int)? in
            let cells = line.split(separator: "|").map { String($0).trimmingCharacters(in: .whitespaces) }
            guard cells.count == 2, let number = Int(cells[1].replacing(",", with: "")) else { return nil }
            return (cells[0], number)
        }
        return Dictionary(rows) { first, _ in first }
    }
}
