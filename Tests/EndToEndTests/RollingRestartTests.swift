import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// A rolling restart of static members: one process after the other is replaced, and no partition moves.
    @Suite struct RollingRestartTests {
        private static let topic = "changes"
        private static let group = "indexers"
        private static let partitions = 10
        private static let instances = (0..<5).map { "pod-\($0)" }

        @Test(.timeLimit(.minutes(5)))
        func nothingMoves() async throws {
            try await Sandbox.run { sandbox in
                let stream = try await ChangeStream.load(in: sandbox)
                let broker = try await BrokerProcess.start(in: sandbox)
                let (first, second, ends) = try await broker.withClient { client in
                    try await client.createTopic(Self.topic, partitions: Self.partitions)
                    let publisher = Publisher(stream, to: Self.topic, with: client)
                    let first = try Self.instances.map { try Self.start($0, "first", broker, sandbox) }
                    try await client.shared(Self.group, as: [2, 2, 2, 2, 2])
                    let owners = try await Self.owners(client)

                    async let published: Void = publisher.publish(requests: 100)
                    var second: [GroupWorker] = []
                    for (instance, former) in zip(Self.instances, first) {
                        #expect(try await former.stop() == .status(0), "\(former.child.errorText)")
                        let successor = try Self.start(instance, "second", broker, sandbox)
                        try await eventually("\(instance) has its partitions again") {
                            try successor.tenures().count == 2
                        }
                        #expect(try await Self.owners(client) == owners)
                        second.append(successor)
                    }
                    try await published
                    try await client.caughtUp(Self.group, at: await publisher.acknowledged)
                    for worker in second { #expect(try await worker.stop() == .status(0), "\(worker.child.errorText)") }
                    return (first, second, try await client.committed(Self.group))
                }
                for (former, successor) in zip(first, second) {
                    #expect(try Self.held(former) == Self.held(successor))
                }
                for worker in first + second {
                    #expect(!worker.child.outputText.contains("revoked"), "\(worker.name) lost a partition")
                }
                let checks = TenureChecks(try (first + second).flatMap { try $0.tenures() }, ends: ends)
                #expect(checks.flaws == [])
                #expect(try await broker.stop() == .status(0))
            }
        }

        private static func start(
            _ instance: String,
            _ generation: String,
            _ broker: BrokerProcess,
            _ sandbox: Sandbox
        ) throws -> GroupWorker {
            let name = "\(instance)-\(generation)"
            return try GroupWorker(
                name,
                group: group,
                topic: topic,
                commitTimeout: "30s",
                instance: instance,
                of: broker,
                in: sandbox
            )
        }

        /// Which instance has which partition.
        private static func owners(_ client: MillraceClient) async throws -> [Int32: String] {
            var owners: [Int32: String] = [:]
            for member in try await client.group(group).value.members {
                for partition in member.partitions { owners[partition.partition] = member.instance }
            }
            return owners
        }

        private static func held(_ worker: GroupWorker) throws -> Set<Int32> {
            Set(try worker.tenures().map(\.partition))
        }
    }
}
