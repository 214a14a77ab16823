import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// `millrace group`, as an operator uses it, and a worker without a stream.
    @Suite struct GroupCommandTests {
        private static let topic = "orders"

        /// Runs `millrace` to its end.
        private static func run(
            _ sandbox: Sandbox,
            _ broker: BrokerProcess,
            _ arguments: String...
        ) async throws -> (exit: Child.Exit, output: String, errors: String) {
            let child = try sandbox.millrace("group", arguments: arguments + ["--server", broker.server])
            let exit = try await child.ended()
            return (exit, child.outputText, child.errorText)
        }

        private static func withOrders(
            ending exit: Child.Exit = .status(0),
            _ body: (_ broker: BrokerProcess, _ client: MillraceClient, _ sandbox: Sandbox) async throws -> Void
        ) async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                try await broker.withClient { client in
                    try await client.createTopic(topic, partitions: 2)
                    try await client.produce(topic, (0..<20).map { NewRecord(key: "u\($0)", value: ["n": $0]) })
                    try await body(broker, client, sandbox)
                }
                let end = try await broker.stop()
                #expect(end == exit)
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func aGroupIsMadeChangedResetAndDeleted() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let made = try await Self.run(
                    sandbox,
                    broker,
                    "group",
                    "create",
                    "billing",
                    "--topics",
                    "orders",
                    "--commit-timeout",
                    "5m"
                )
                #expect(made.exit == .status(0), "\(made.errors)")
                let other = try await Self.run(
                    sandbox,
                    broker,
                    "group",
                    "create",
                    "billing",
                    "--topics",
                    "orders",
                    "--commit-timeout",
                    "4m"
                )
                #expect(other.exit == .status(1) && other.errors.contains("commitTimeoutMs"), "\(other.errors)")
                let changed = try await Self.run(
                    sandbox,
                    broker,
                    "group",
                    "configure",
                    "billing",
                    "--time-to-live",
                    "1h"
                )
                #expect(changed.exit == .status(0) && changed.output.contains("1h"), "\(changed)")
                let settings = try await client.group("billing").value
                #expect(settings.commitTimeoutMs == 300_000 && settings.timeToLiveMs == 3_600_000)

                try await Self.aResetAsksFirst(broker, client, sandbox)
                let gone = try await Self.run(sandbox, broker, "group", "delete", "billing")
                #expect(gone.exit == .status(0), "\(gone.errors)")
                let missing = try await Self.run(sandbox, broker, "group", "lag", "billing")
                #expect(missing.exit == .status(1) && missing.errors.contains("group-not-found"), "\(missing.errors)")
            }
        }

        /// Its standard input is empty: nobody says yes.
        private static func aResetAsksFirst(
            _ broker: BrokerProcess,
            _ client: MillraceClient,
            _ sandbox: Sandbox
        ) async throws {
            let dry = try await run(sandbox, broker, "group", "reset", "billing", "--to", "latest", "--dry-run")
            #expect(dry.exit == .status(0) && dry.output.contains("orders"), "\(dry)")
            let asked = try await run(sandbox, broker, "group", "reset", "billing", "--to", "latest")
            #expect(asked.exit == .status(1) && asked.errors.contains("nothing was changed"), "\(asked)")
            let before = try await client.groupLag("billing").value
            #expect(before.lag == 20)
            let done = try await run(sandbox, broker, "group", "reset", "billing", "--to", "-3", "--yes")
            #expect(done.exit == .status(0), "\(done.errors)")
            let after = try await client.groupLag("billing").value
            #expect(after.partitions.map(\.lag) == [3, 3])
        }

        @Test(.timeLimit(.minutes(3)))
        func aWatchShowsTheGroupAsItWorks() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let worker = try sandbox.millrace(
                    "worker",
                    "work",
                    "billing",
                    "--topics",
                    "orders",
                    "--server",
                    broker.server
                )
                try await client.shared("billing", as: [2])
                try await client.caughtUp("billing", at: 20)
                let watch = try await Self.run(
                    sandbox,
                    broker,
                    "group",
                    "watch",
                    "billing",
                    "--interval",
                    "100ms",
                    "--limit",
                    "2"
                )
                #expect(watch.exit == .status(0), "\(watch.errors)")
                #expect(watch.output.components(separatedBy: "RATE").count == 3, "two pictures: \(watch.output)")
                let history = try await Self.run(sandbox, broker, "group", "rebalances", "billing")
                #expect(history.output.contains("joined"), "\(history)")
                let refused = try await Self.run(sandbox, broker, "group", "delete", "billing")
                #expect(refused.exit == .status(1) && refused.errors.contains("group-has-members"), "\(refused)")
                worker.send(SIGTERM)
                #expect(try await worker.ended() == .status(0), "\(worker.errorText)")
                let report = try await client.group("billing").value
                #expect(report.members.isEmpty, "it has left, and nobody waits for its session")
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func aWorkerWithoutAStreamGoesOnAfterTheBrokersDeath() async throws {
            try await Self.withOrders(ending: .signal(SIGKILL)) { broker, client, sandbox in
                let script = "cat >/dev/null; sleep 0.1; echo $MILLRACE_PARTITION@$MILLRACE_OFFSET"
                let worker = try sandbox.millrace(
                    "worker",
                    "work",
                    "billing",
                    "--topics",
                    "orders",
                    "--long-poll",
                    "--server",
                    broker.server,
                    "--",
                    "sh",
                    "-c",
                    script
                )
                try await eventually("it works") { worker.outputText.split(separator: "\n").count > 3 }
                try await broker.child.crash()
                let again = try await BrokerProcess.start(in: sandbox, port: broker.port)
                try await client.caughtUp("billing", at: 20)
                worker.send(SIGTERM)
                #expect(try await worker.ended() == .status(0), "\(worker.errorText)")
                let runs = worker.outputText.split(separator: "\n")
                #expect(Set(runs).count == 20, "every record, and none that is not there")
                // What it had taken it knows; only what a run had done and nobody could commit might come again.
                #expect(runs.count <= 21, "\(worker.outputText)")
                #expect(try await again.stop() == .status(0))
            }
        }
    }
}
