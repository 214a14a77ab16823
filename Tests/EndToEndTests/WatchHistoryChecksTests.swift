import Foundation
import Testing

extension EndToEndTests {
    /// The checks of watches themselves: each fault that is planted in a sound history must be found.
    @Suite struct WatchHistoryChecksTests {
        typealias Step = WatchHistory.Step
        typealias Guarantee = WatchHistoryChecks.Guarantee

        /// Two partitions of six records each; of the first, two are not kept any more.
        private static let truth = WatchHistoryChecks.Truth(
            published: [0, 1].map { partition in
                Dictionary(uniqueKeysWithValues: (0..<6).map { ($0, sum(partition, $0)) })
            },
            starts: [2, 0],
            ends: [6, 6]
        )

        private static func sum(_ partition: Int, _ offset: Int64) -> UInt32 {
            UInt32(partition * 100) + UInt32(offset)
        }

        private static func record(_ partition: Int, _ offset: Int64) -> Step {
            .record(partition: partition, offset: offset, checksum: sum(partition, offset))
        }

        /// Three connections: the second partition is there from the second on; what came behind the last cursor of the
        /// first one comes again.
        private static let sound: [Step] = [
            .opened([0]), .cursor([0]), .gap(partition: 0, from: 0, to: 2), record(0, 2), .cursor([3]), record(0, 3),
            .lost,
            .opened([3]), .cursor([3, 0]), record(1, 0), record(0, 3), record(1, 1), record(0, 4), .cursor([5, 2]),
            .lost,
            .opened([5, 2]), record(0, 5), record(1, 2), record(1, 3), record(1, 4), record(1, 5), .cursor([6, 6]),
            .lost,
        ]

        private static func flaws(_ steps: [Step]) -> [WatchHistoryChecks.Flaw] {
            WatchHistoryChecks(WatchHistory(reader: "r", steps: steps), truth).flaws
        }

        @Test func aSoundHistoryIsSound() {
            let checks = WatchHistoryChecks(WatchHistory(reader: "r", steps: Self.sound), Self.truth)
            #expect(checks.flaws.isEmpty, "\(checks.flaws)")
            #expect((checks.connections, checks.records, checks.gaps) == (3, 11, 1))
        }

        /// A fault: what is done to the sound history, and the promise that it breaks.
        struct Fault: CustomStringConvertible, Sendable {
            let description: String
            let guarantee: Guarantee
            let plant: @Sendable (inout [Step]) -> Void
        }

        private static func replacing(_ step: Step, by steps: Step...) -> @Sendable (inout [Step]) -> Void {
            { history in
                guard let place = history.lastIndex(of: step) else { return }
                history.replaceSubrange(place...place, with: steps)
            }
        }

        private static let faults: [Fault] = [
            Fault(description: "swapped", guarantee: .ordered, plant: swapped),
            Fault(
                description: "twice on a connection",
                guarantee: .unique,
                plant: replacing(record(1, 3), by: record(1, 3), record(1, 3))
            ),
            Fault(
                description: "again after the cursor",
                guarantee: .unique,
                plant: replacing(record(0, 5), by: record(0, 4), record(0, 5))
            ),
            Fault(description: "left out", guarantee: .reliable, plant: replacing(record(1, 3))),
            Fault(
                description: "another record",
                guarantee: .reliable,
                plant: replacing(record(1, 3), by: .record(partition: 1, offset: 3, checksum: 7))
            ),
            Fault(
                description: "a record that nobody published",
                guarantee: .reliable,
                plant: replacing(record(1, 5), by: record(1, 5), .record(partition: 1, offset: 6, checksum: 106))
            ),
            Fault(
                description: "a gap in what is kept",
                guarantee: .reliable,
                plant: replacing(record(1, 3), by: .gap(partition: 1, from: 3, to: 4))
            ),
            Fault(
                description: "a gap of something else",
                guarantee: .reliable,
                plant: replacing(.gap(partition: 0, from: 0, to: 2), by: .gap(partition: 0, from: 1, to: 2))
            ),
            Fault(
                description: "retention without a gap",
                guarantee: .resumable,
                plant: replacing(.gap(partition: 0, from: 0, to: 2))
            ),
            Fault(description: "an end too early", guarantee: .reliable) { $0.removeLast(3) },
            Fault(description: "a first record skipped", guarantee: .resumable, plant: replacing(record(1, 2))),
            Fault(
                description: "resumed elsewhere",
                guarantee: .resumable,
                plant: replacing(.opened([5, 2]), by: .opened([4, 2]))
            ),
            Fault(
                description: "a cursor ahead",
                guarantee: .bookmarkable,
                plant: replacing(.cursor([5, 2]), by: .cursor([6, 2]))
            ),
            Fault(
                description: "a cursor behind",
                guarantee: .bookmarkable,
                plant: replacing(.cursor([5, 2]), by: .cursor([5, 1]))
            ),
            Fault(
                description: "a cursor without a partition",
                guarantee: .bookmarkable,
                plant: replacing(.cursor([6, 6]), by: .cursor([6, 6]), .cursor([6]))
            ),
        ]

        private static let swapped: @Sendable (inout [Step]) -> Void = { history in
            guard let place = history.firstIndex(of: record(1, 3)) else { return }
            history.swapAt(place, place + 1)
        }

        @Test(arguments: faults)
        func aPlantedFaultIsFound(fault: Fault) {
            var steps = Self.sound
            fault.plant(&steps)
            #expect(steps != Self.sound)
            let flaws = Self.flaws(steps)
            #expect(flaws.contains { $0.guarantee == fault.guarantee }, "\(flaws)")
        }

        @Test func linesAreTakenApart() throws {
            let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).facts")
            defer { try? FileManager.default.removeItem(at: file) }
            try Data("open ab:0\nrecord 0 1 4294967295\ngap 0 2 4\ncursor ab:1.2\nlost Enough\n".utf8).write(to: file)
            let expected: [Step] = [
                .opened([0]), .record(partition: 0, offset: 1, checksum: .max), .gap(partition: 0, from: 2, to: 4),
                .cursor([1, 2]), .lost,
            ]
            #expect(try WatchHistory(reader: "r", of: file).steps == expected)
            try Data("open earliest\n".utf8).write(to: file)
            #expect(throws: WatchHistory.Strange.self) { try WatchHistory(reader: "r", of: file) }
        }
    }
}
