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
                let (workers, ends) = try await broker.withClient { client in
                    try await client.createTopic(Self.topic, partitions: Self.partitions)
                    let publisher = Publisher(stream, to: Self.topic, with: client)
                    let first = try Self.instances.map { try Self.start($0, "first", broker, sandbox) }
                    try await client.shared(Self.group, as: [2, 2, 2, 2, 2])
                    let owners = try await Self.owners(client)
                    // Who joined first had more before the others came, and may still have to hear that it is gone.
                    try await eventually("every worker was told its share") {
                        try first.allSatisfy { try $0.tenures().count - Self.losses($0) == 2 }
                    }
                    let losses = first.map(Self.losses)

                    async let published: Void = publisher.publish(requests: 100)
                    var second: [GroupWorker] = []
                    for (instance, former) in zip(Self.instances, first) {
                        #expect(try await former.stop() == .status(0), "\(former.child.errorText)")
                        let successor = try Self.start(instance, "second", broker, sandbox)
                        try await eventually("\(instance) has its partitions again") {
                            try successor.tenures().count == 2
                        }
                        #expect(try await Self.owners(client) == owners)
                        let held = Set(owners.filter { $0.value == instance }.keys)
                        #expect(try Set(successor.tenures().map(\.partition)) == held)
                        second.append(successor)
                    }
                    try await published
                    try await client.caughtUp(Self.group, at: await publisher.acknowledged)
                    for worker in second { #expect(try await worker.stop() == .status(0), "\(worker.child.errorText)") }
                    #expect(first.map(Self.losses) == losses, "a partition moved")
                    #expect(second.map(Self.losses) == second.map { _ in 0 }, "a partition moved")
                    return (first + second, try await client.committed(Self.group))
                }
                let checks = TenureChecks(try workers.flatMap { try $0.tenures() }, ends: ends)
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

        /// How many partitions a worker was told to have lost.
        private static func losses(_ worker: GroupWorker) -> Int {
            worker.child.outputText.split(separator: "\n").count { $0.hasPrefix("revoked ") }
        }
    }
}
