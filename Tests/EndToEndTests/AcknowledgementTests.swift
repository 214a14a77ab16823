import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// What was acknowledged is there after a SIGKILL, and a request without an answer is there whole or not at all.
    @Suite struct AcknowledgementTests {
        private static let topic = "orders"
        private static let recordsPerRequest = 25

        /// One record: which request of which producer it came with.
        struct Order: Codable, Hashable, Sendable {
            let producer: Int
            let request: Int
            let index: Int
        }

        /// What one producer knows of its requests.
        private actor Producer {
            private let number: Int
            private let client: MillraceClient
            private(set) var acknowledged = 0

            init(_ number: Int, _ client: MillraceClient) {
                (self.number, self.client) = (number, client)
            }

            /// Sends one request after the other until one is not acknowledged.
            func produceUntilTheEnd() async {
                while await produce(request: acknowledged) { acknowledged += 1 }
            }

            private func produce(request: Int) async -> Bool {
                let records = (0..<recordsPerRequest).map { index in
                    NewRecord(
                        key: "\(number)-\(index % 7)",
                        value: Order(producer: number, request: request, index: index)
                    )
                }
                return (try? await client.produce(topic, records)) != nil
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func everyAcknowledgedRecordSurvivesTheBroker() async throws {
            try await Sandbox.run { sandbox in
                let first = try await BrokerProcess.start(in: sandbox)
                var configuration = ClientConfiguration()
                configuration.attemptsMax = 1
                let client = try MillraceClient(server: first.server, configuration: configuration)
                let producers = (0..<4).map { Producer($0, client) }
                do {
                    try await client.createTopic(Self.topic, partitions: 3)
                    async let produced: Void = Self.run(producers)
                    try await eventually("there is something to lose") {
                        try await client.recordCount(Self.topic) >= 100 * Self.recordsPerRequest
                    }
                    try await first.child.crash()
                    await produced
                } catch {
                    await client.shutdown()
                    throw error
                }
                await client.shutdown()

                let again = try await BrokerProcess.start(in: sandbox)
                let found = try await Self.requests(of: again)
                for (number, producer) in producers.enumerated() {
                    await Self.check(found[number] ?? [:], acknowledged: producer.acknowledged, producer: number)
                }
                #expect(try await again.stop() == .status(0))
            }
        }

        private static func run(_ producers: [Producer]) async {
            await withTaskGroup { tasks in
                for producer in producers { tasks.addTask { await producer.produceUntilTheEnd() } }
            }
        }

        /// How many distinct records of each request there are, by producer.
        private static func requests(of broker: BrokerProcess) async throws -> [Int: [Int: Int]] {
            try await broker.withClient { client in
                var orders: [Order] = []
                var cursor = "earliest"
                while case let page = try await client.read(topic, ReadOptions(from: cursor)), !page.records.isEmpty {
                    orders += try page.records.map { try $0.value(as: Order.self) }
                    cursor = page.next
                }
                #expect(Set(orders).count == orders.count, "a record is stored twice")
                return Dictionary(grouping: orders, by: \.producer).mapValues { orders in
                    Dictionary(grouping: orders, by: \.request).mapValues(\.count)
                }
            }
        }

        private static func check(_ found: [Int: Int], acknowledged: Int, producer: Int) {
            let lost = (0..<acknowledged).filter { found[$0] != recordsPerRequest }
            #expect(lost.isEmpty, "acknowledged requests of producer \(producer)")
            // The request after the last acknowledged one was sent, and its answer never came.
            let beyond = found.filter { $0.key >= acknowledged }
            #expect(beyond.keys.allSatisfy { $0 == acknowledged })
            #expect(beyond.values.allSatisfy { $0 == recordsPerRequest }, "a part of a request is stored")
        }
    }
}
