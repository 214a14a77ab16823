import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// A run in which nothing goes wrong: every event is processed exactly once.
    @Suite struct QuietRunTests {
        @Test(.timeLimit(.minutes(5)))
        func threeWorkersShareTheWholeStream() async throws {
            try await Sandbox.run { sandbox in
                let reader = try IndependentReader()
                let stream = try await ChangeStream.load(in: sandbox)
                let broker = try await BrokerProcess.start(in: sandbox)
                let deliveries = try await broker.withClient { client in
                    try await client.createTopic("changes", partitions: 8)
                    let workers = try ["ana", "ben", "cho"].map {
                        try WorkerProcess($0, group: "indexers", topic: "changes", of: broker, in: sandbox)
                    }
                    try await client.shared("indexers", as: [2, 3, 3])
                    try await Self.publish(stream, to: broker, in: sandbox)
                    try await client.caughtUp("indexers", at: stream.lines.count)
                    for worker in workers { #expect(try await worker.stop() == .status(0)) }
                    return try workers.map { try $0.deliveries() }
                }
                Self.sharesAreDisjointAndInOrder(deliveries)
                let checks = try await RunChecks("changes", stream, broker, sandbox, reader)
                checks.logIsTheStream()
                checks.answersAreTheLog()
                checks.everythingWasDelivered(deliveries.flatMap { $0 })
            }
        }

        /// With the command line, from a file.
        private static func publish(
            _ stream: ChangeStream,
            to broker: BrokerProcess,
            in sandbox: Sandbox
        ) async throws {
            let producer = try sandbox.millrace(
                "producer",
                "produce",
                "changes",
                "--as",
                "values",
                "--key",
                stream.keyPointer,
                stream.file.path,
                "--server",
                broker.server,
                "--output",
                "json"
            )
            #expect(try await producer.ended(within: .seconds(120)) == .status(0), "\(producer.errorText)")
            let answer = try JSONDecoder().decode(Produced.self, from: Data(contentsOf: producer.output))
            #expect(answer.count == stream.totals.lines)
        }

        private struct Produced: Decodable {
            let count: Int
        }

        /// Nobody got what another one got, and each share has its partitions' records in their order.
        private static func sharesAreDisjointAndInOrder(_ shares: [[Delivery]]) {
            #expect(shares.allSatisfy { !$0.isEmpty })
            #expect(shares.flatMap { $0 }.duplicates.isEmpty)
            let owners = shares.map { Set($0.map(\.place.partition)) }
            #expect(owners.reduce(0) { $0 + $1.count } == Set(owners.joined()).count, "a partition had two owners")
            for (worker, share) in zip(owners.indices, shares) {
                for (partition, part) in Dictionary(grouping: share, by: \.place.partition) {
                    let offsets = part.map(\.place.offset)
                    let isInOrder = offsets.elementsEqual(0..<Int64(offsets.count))
                    #expect(isInOrder, "worker \(worker) has a gap in partition \(partition), or no order")
                }
            }
        }
    }
}
