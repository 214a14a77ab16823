import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// Ten workers that are killed, stopped and continued at random while the broker is killed and restarted: nothing is
    /// skipped, and nothing that was committed comes again.
    @Suite struct GroupChurnTests {
        private static let topic = "changes"
        private static let group = "indexers"
        private static let partitions = 12
        private static let workerCount = 10

        /// What is done to the workers and to the broker, in this order; chance picks who and for how long.
        private static let disturbances: [Disturbance] =
            [
                .killWorker, .pauseWorker(.milliseconds(300)), .killWorker, .killBroker, .pauseWorker(.seconds(3)),
                .stopBroker, .killWorker, .pauseWorker(.milliseconds(800)), .killBroker, .killWorker,
            ] + [Disturbance](repeating: .killWorker, count: 4)
            + [.pauseWorker(.seconds(3)), .killBroker, .pauseWorker(.milliseconds(100)), .stopBroker]

        private enum Disturbance {
            case killWorker
            case pauseWorker(Duration)
            case killBroker
            case stopBroker
        }

        @Test(.timeLimit(.minutes(8)))
        func nothingIsSkippedAndNothingCommittedComesAgain() async throws {
            try await Sandbox.run { sandbox in
                let reader = try IndependentReader()
                let stream = try await ChangeStream.load(in: sandbox)
                let first = try await BrokerProcess.start(in: sandbox)
                let (broker, workers, ends) = try await first.withClient { client in
                    try await client.createTopic(Self.topic, partitions: Self.partitions)
                    var crew = try Crew(first, sandbox)
                    let publisher = Publisher(stream, to: Self.topic, with: client)
                    for (index, disturbance) in Self.disturbances.enumerated() {
                        let share = stream.lines.count * (index + 1) / Self.disturbances.count
                        async let published: Void = publisher.publish(upTo: share)
                        try await crew.suffer(disturbance)
                        try await published
                    }
                    try await client.caughtUp(Self.group, at: stream.lines.count)
                    try await crew.stop()
                    return (crew.broker, crew.all, try await client.committed(Self.group))
                }
                let checks = TenureChecks(try workers.flatMap { try $0.tenures() }, ends: ends)
                #expect(checks.flaws == [])
                let run = try await RunChecks(Self.topic, stream, broker, sandbox, reader)
                run.logIsTheStream()
                #expect(checks.deliveries - checks.duplicates == stream.lines.count)
                print(
                    "churn: \(workers.count) workers, \(Self.disturbances.count) disturbances, \(checks.deliveries)",
                    "deliveries; \(checks.duplicates) records came again, all delivered and uncommitted before"
                )
            }
        }

        /// Ten workers and their broker; a killed worker is replaced.
        private struct Crew {
            private let sandbox: Sandbox
            private(set) var broker: BrokerProcess
            private(set) var all: [GroupWorker] = []
            private var living: [GroupWorker] = []

            init(_ broker: BrokerProcess, _ sandbox: Sandbox) throws {
                self.broker = broker
                self.sandbox = sandbox
                for _ in 0..<workerCount { try hire() }
            }

            private mutating func hire() throws {
                let name = "worker-\(all.count)"
                let worker = try GroupWorker(
                    name,
                    group: group,
                    topic: topic,
                    commitTimeout: "2s",
                    of: broker,
                    in: sandbox
                )
                all.append(worker)
                living.append(worker)
            }

            mutating func suffer(_ disturbance: Disturbance) async throws {
                switch disturbance {
                case .killWorker:
                    let worker = living.remove(at: Int.random(in: living.indices))
                    try await atWork(worker)
                    try await worker.child.crash()
                    try hire()
                case .pauseWorker(let time):
                    let worker = living[Int.random(in: living.indices)]
                    try await atWork(worker)
                    worker.child.send(SIGSTOP)
                    try await Task.sleep(for: time)
                    worker.child.send(SIGCONT)
                case .killBroker:
                    try await broker.child.crash()
                    try await restart()
                case .stopBroker:
                    #expect(try await broker.stop() == .status(0))
                    try await restart()
                }
            }

            /// Waits until a worker is in the group: what happens to it before then disturbs nobody.
            private func atWork(_ worker: GroupWorker) async throws {
                try await eventually("\(worker.name) has joined") { worker.child.outputText.contains("joined ") }
            }

            private mutating func restart() async throws {
                let again = try await BrokerProcess.start(in: sandbox, port: broker.port)
                #expect(again.server == broker.server)
                broker = again
            }

            func stop() async throws {
                for worker in living { worker.child.send(SIGTERM) }
                for worker in living {
                    #expect(try await worker.child.ended() == .status(0), "\(worker.name): \(worker.child.errorText)")
                }
            }
        }
    }
}
