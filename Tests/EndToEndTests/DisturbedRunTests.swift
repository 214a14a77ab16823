import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// A run in which a worker and then the broker are killed: nothing is skipped, and only what was delivered and not
    /// committed at a kill comes again.
    @Suite struct DisturbedRunTests {
        private static let topic = "changes"
        private static let group = "indexers"

        /// What was so when something was killed.
        struct Kill {
            /// What had been printed by those who lost their work with the kill.
            let printed: Set<Delivery.Place>
            /// What was committed at that time.
            let committed: [Int32: Int64]

            /// What had been delivered and was not committed: only this may come again because of the kill.
            var uncommitted: Set<Delivery.Place> {
                printed.filter { $0.offset >= committed[$0.partition, default: 0] }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func killedWorkerAndKilledBrokerLoseNothing() async throws {
            try await Sandbox.run { sandbox in
                let reader = try IndependentReader()
                let stream = try await ChangeStream.load(in: sandbox)
                let first = try await BrokerProcess.start(in: sandbox)
                // The client outlives the broker: the port stays the same.
                let (broker, deliveries, kills) = try await first.withClient { client in
                    try await client.createTopic(Self.topic, partitions: 8)
                    let publisher = Publisher(stream, to: Self.topic, with: client)
                    var workers = try ["ana", "ben", "cho"].map { try Self.worker($0, first, sandbox) }
                    try await client.shared(Self.group, as: [2, 3, 3])

                    try await publisher.publish(upTo: stream.lines.count / 4)
                    let workerKill = try await Self.killWorker(workers[0], client, publisher)
                    let replacement = try Self.worker("dot", first, sandbox)
                    workers.append(replacement)
                    try await eventually("the replacement has joined") { !replacement.members.isEmpty }

                    // However fast the broker is: something is left to publish when it dies.
                    let (deaths, death) = AsyncStream<Void>.makeStream()
                    async let published: Void = publisher.publish(upTo: stream.lines.count, stoppingOnceFor: deaths)
                    try await eventually("the publisher is in the middle") {
                        await publisher.acknowledged > stream.lines.count * 11 / 20
                    }
                    let (again, brokerKill) = try await Self.killBroker(first, workers, client, sandbox) {
                        death.yield()
                        try await eventually("the publisher notices") { await publisher.interruptions > 0 }
                    }
                    try await published

                    try await client.caughtUp(Self.group, at: stream.lines.count)
                    for worker in workers.dropFirst() {
                        #expect(worker.members.count > 1 && Set(worker.members).count == 1, "one member all the time")
                        #expect(try await worker.stop() == .status(0))
                    }
                    return (again, try workers.flatMap { try $0.deliveries() }, [workerKill, brokerKill])
                }
                Self.duplicatesAreExplained(deliveries, by: kills)
                let checks = try await RunChecks(Self.topic, stream, broker, sandbox, reader)
                checks.logIsTheStream()
                checks.answersAreTheLog()
                checks.everythingWasDelivered(deliveries)
            }
        }

        private static func worker(
            _ name: String,
            _ broker: BrokerProcess,
            _ sandbox: Sandbox
        ) throws -> WorkerProcess {
            try WorkerProcess(name, group: group, topic: topic, of: broker, in: sandbox)
        }

        /// Kills a worker in the middle of its work, between printing and committing.
        ///
        /// It is stopped first, and looked at: what it had sent is in force behind the next two requests, and so what is
        /// known of it then stays true.
        private static func killWorker(
            _ worker: WorkerProcess,
            _ client: MillraceClient,
            _ publisher: Publisher
        ) async throws -> Kill {
            try await eventually("the worker has printed what it has not committed") {
                let printed = try worker.printedCount()
                try await eventually("the worker works") {
                    try await publisher.publish(requests: 1)
                    return try worker.printedCount() > printed
                }
                worker.child.send(SIGSTOP)
                try await publisher.publish(requests: 2)
                let places = Set(try worker.deliveries().map(\.place))
                let kill = Kill(printed: places, committed: try await client.committed(group))
                guard !kill.uncommitted.isEmpty else {
                    worker.child.send(SIGCONT)
                    return nil
                }
                try await worker.child.crash()
                return kill
            }
        }

        /// Kills the broker, waits until every worker has read to the end of its broken stream, and starts it again.
        private static func killBroker(
            _ broker: BrokerProcess,
            _ workers: [WorkerProcess],
            _ client: MillraceClient,
            _ sandbox: Sandbox,
            whileDead: () async throws -> Void
        ) async throws -> (again: BrokerProcess, kill: Kill) {
            let living = workers.filter { $0.child.exit == nil }
            let before = try await client.committed(group)
            try await broker.child.crash()
            try await whileDead()
            try await eventually("the workers notice") { living.allSatisfy { $0.lossCount > 0 } }
            let printed = try workers.flatMap { try $0.deliveries().map(\.place) }
            let again = try await BrokerProcess.start(in: sandbox, port: broker.port)
            #expect(again.server == broker.server)
            let committed = try await client.committed(group)
            for (partition, offset) in before {
                #expect(committed[partition, default: 0] >= offset, "a commit on partition \(partition) is lost")
            }
            return (again, Kill(printed: Set(printed), committed: committed))
        }

        /// What the killed worker had not committed came again, and nothing else did that was not uncommitted at a kill.
        private static func duplicatesAreExplained(_ deliveries: [Delivery], by kills: [Kill]) {
            let duplicates = deliveries.duplicates
            let uncommitted = kills.map(\.uncommitted)
            var counts = kills.map { _ in 0 }
            for (place, deliveries) in duplicates {
                let kill = uncommitted.firstIndex { $0.contains(place) }
                #expect(kill != nil, "\(place) by \(deliveries.map(\.worker)): committed, or never lost")
                if let kill { counts[kill] += 1 }
            }
            #expect(
                uncommitted[0].subtracting(duplicates.keys).isEmpty,
                "printed, not committed, and not delivered again"
            )
            print(
                "disturbed run: \(deliveries.count) deliveries; \(duplicates.count) records came again,",
                "\(counts[0]) delivered and uncommitted when the worker was killed, \(counts[1]) when the broker was"
            )
        }
    }
}
