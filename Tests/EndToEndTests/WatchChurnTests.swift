import BrokerTestSupport
import Foundation
import Testing

extension EndToEndTests {
    /// Readers in every framing that come and go by cursor, while writers write, partitions are added, old records go, and
    /// the broker is killed and restarted: what a watch promises is kept, and all of them read the same.
    @Suite struct WatchChurnTests {
        private static let framings = ["page", "poll", "ndjson", "sse", "websocket"]

        @Test(.timeLimit(.minutes(8)))
        func everyFramingKeepsTheGuaranteesOverChurn() async throws {
            let seed = Seed.chosen()
            print("watch churn: MILLRACE_SEED=\(seed)")
            try await Sandbox.run { sandbox in
                var churn = try await WatchChurn.start(in: sandbox, seed: seed)
                let readers = try (Self.framings + ["any"]).map { try churn.read($0) }
                try await churn.run()
                let truth = try await churn.settle()
                for reader in readers { try await churn.finish(reader) }
                let checks = try readers.map { child in
                    WatchHistoryChecks(try WatchHistory(reader: child.name, of: child.output), truth)
                }
                for flaw in checks.flatMap(\.flaws).prefix(20) { Issue.record("\(flaw), seed \(seed)") }
                let connections = checks.reduce(0) { $0 + $1.connections }
                let gaps = checks.reduce(0) { $0 + $1.gaps }
                #expect(connections > 2 * readers.count)
                try await Self.compareFramings(churn, truth)
                print(
                    "watch churn: \(truth.ends.reduce(0, +)) records, \(checks.reduce(0) { $0 + $1.records })",
                    "deliveries on \(connections) connections, \(gaps) gaps"
                )
                #expect(try await churn.broker.stop() == .status(0))
            }
        }

        /// What is left of the log, from before its beginning, is the same in every framing: the gaps, and every record
        /// with all that is told of it.
        private static func compareFramings(_ churn: WatchChurn, _ truth: WatchHistoryChecks.Truth) async throws {
            let readers = try framings.map { try churn.read($0, to: churn.cursor(truth.ends)) }
            var histories: [[[String]]] = []
            for reader in readers {
                #expect(try await reader.ended() == .status(0), "\(reader.errorText)")
                let lines = try Lines.read(reader.output).filter { $0.hasPrefix("text ") || $0.hasPrefix("gap ") }
                histories.append(
                    truth.ends.indices.map { part in lines.filter { $0.split(separator: " ")[1] == "\(part)" } }
                )
            }
            let kept = zip(truth.starts, truth.ends).map { $0 > 0 ? 1 + $1 - $0 : $1 }
            #expect(histories[0].map { Int64($0.count) } == kept)
            for (framing, history) in zip(framings, histories).dropFirst() {
                #expect(history == histories[0], "\(framing) differs from \(framings[0])")
            }
        }
    }
}
