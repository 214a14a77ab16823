import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// `millrace work` with a command: what a user sees when it fails, when it is slow, when the worker is stopped or killed.
    @Suite struct WorkCommandTests {
        private static let topic = "orders"
        private static let group = "billing"
        /// Tells which run it is, and what it was given.
        private static let tell = #"echo "$MILLRACE_PARTITION@$MILLRACE_OFFSET $MILLRACE_KEY $MILLRACE_ATTEMPT $(cat)""#

        /// Runs `body` with a broker that has a topic of two partitions and twenty records, u0 to u19.
        private static func withOrders(
            _ body: (_ broker: BrokerProcess, _ client: MillraceClient, _ sandbox: Sandbox) async throws -> Void
        ) async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                try await broker.withClient { client in
                    try await client.createTopic(topic, partitions: 2)
                    try await client.produce(topic, (0..<20).map { NewRecord(key: "u\($0)", value: ["n": $0]) })
                    try await body(broker, client, sandbox)
                }
                #expect(try await broker.stop() == .status(0))
            }
        }

        private static func work(
            _ name: String,
            _ broker: BrokerProcess,
            _ sandbox: Sandbox,
            _ options: [String],
            run script: String
        ) throws -> Child {
            let start = ["work", group, "--topics", topic, "--server", broker.server] + options
            return try sandbox.millrace(name, arguments: start + ["--", "sh", "-c", script])
        }

        private static func lines(_ child: Child) -> [String] {
            child.outputText.split(separator: "\n").map(String.init)
        }

        @Test(.timeLimit(.minutes(3)))
        func aCommandThatFailsIsRunAgainForItsRecord() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let script = Self.tell + #"; [ "$MILLRACE_KEY" != u7 ] || [ "$MILLRACE_ATTEMPT" = 3 ]"#
                let options = ["--until-caught-up", "--parallel", "2", "--retry-delay", "10"]
                let worker = try Self.work("worker", broker, sandbox, options, run: script)
                #expect(try await worker.ended() == .status(0), "\(worker.errorText)")
                Self.everyRunIsAsItShouldBe(worker)
                #expect(try await client.group(Self.group).value.lag == 0)
                #expect(worker.errorText.contains("attempt 2 of 5; again in"), "\(worker.errorText)")
            }
        }

        private static func everyRunIsAsItShouldBe(_ worker: Child) {
            let runs = lines(worker).map { $0.split(separator: " ", maxSplits: 3).map(String.init) }
            #expect(runs.filter { $0[1] == "u7" }.map { $0[2] } == ["1", "2", "3"])
            #expect(Set(runs.map { $0[1] }) == Set((0..<20).map { "u\($0)" }) && runs.count == 22)
            let wrong = runs.filter { $0[3] != "{\"n\":" + $0[1].dropFirst() + "}" }
            #expect(wrong.isEmpty, "a record's value is a run's input")
            for partition in ["0", "1"] {
                let offsets = runs.filter { $0[0].hasPrefix(partition + "@") }.compactMap { Int($0[0].dropFirst(2)) }
                #expect(offsets == offsets.sorted(), "one after the other, in the order of the partition")
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func whatNeverSucceedsStopsTheWorkerOrIsSkipped() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let options = ["--until-caught-up", "--attempts", "2", "--retry-delay", "10"]
                let script = #"cat >/dev/null; [ "$MILLRACE_KEY" != u7 ] || exit 9"#
                let stopped = try Self.work("stopped", broker, sandbox, options, run: script)
                #expect(try await stopped.ended() == .status(1))
                #expect(stopped.errorText.contains("the command's exit status is 9 in all of 2 attempts"))
                let place = try await Self.place(of: "u7", client)
                #expect(stopped.errorText.contains("\(Self.topic)/\(place.partition)@\(place.offset)"))
                let committed = try await client.committed(Self.group)
                #expect(committed[place.partition] == place.offset, "what comes before it is committed, and it is not")

                let skipping = ["--on-failure", "skip"] + options
                let skipped = try Self.work("skipping", broker, sandbox, skipping, run: script)
                #expect(try await skipped.ended() == .status(0), "\(skipped.errorText)")
                #expect(skipped.errorText.contains("skipped"))
                #expect(try await client.group(Self.group).value.lag == 0)
            }
        }

        private static func place(of key: String, _ client: MillraceClient) async throws -> ReceivedRecord {
            let records = try await client.read(topic).records
            return try #require(records.first { $0.key == key })
        }

        @Test(.timeLimit(.minutes(3)))
        func aStoppedWorkerLetsTheRunEndAndCommitsIt() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let worker = try Self.work("worker", broker, sandbox, ["--batch", "5"], run: Self.gated)
                try await eventually("a run has begun") { worker.outputText.contains("begun") }
                worker.send(SIGTERM)
                try await eventually("the worker knows") {
                    // What it is given after the signal it does not take: the run that goes on is the last one.
                    try await client.produce(Self.topic, [NewRecord(key: "late", value: 1)])
                    return worker.errorText.contains("finishing")
                }
                #expect(worker.exit == nil && !worker.outputText.contains("done"))
                try Self.openGate(in: sandbox)
                #expect(try await worker.ended() == .status(0), "\(worker.errorText)")
                let runs = Self.lines(worker).filter { $0.hasPrefix("done") }
                #expect(runs.count == 1, "\(worker.outputText)")
                let run = try #require(runs.first).split(separator: " ")
                let (partition, last) = (try #require(Int32(run[1])), try #require(Int64(run[2])))
                let committed = try await client.committed(Self.group)[partition]
                #expect(committed == last + 1)
                let owners = try await client.group(Self.group).value.partitions.compactMap(\.owner)
                #expect(owners.isEmpty, "it gave its partitions back")
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func anotherWorkerTakesOverFromOneThatIsKilled() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let options = ["--commit-timeout", "1000"]
                let killed = try Self.work("killed", broker, sandbox, options, run: Self.gated)
                try await eventually("a run has begun") { killed.outputText.contains("begun") }
                killed.send(SIGKILL)
                let heir = try Self.work("heir", broker, sandbox, options + ["--until-caught-up"], run: Self.tell)
                #expect(try await heir.ended() == .status(0), "\(heir.errorText)")
                #expect(
                    Set(Self.lines(heir).map { $0.split(separator: " ")[1] }).count == 20,
                    "nothing was committed before"
                )
                #expect(Self.lines(heir).count == 20, "and nothing came twice")
                // The killed worker's command lives on, as any orphan does; its work is not committed by anybody.
                try Self.openGate(in: sandbox)
                // Seen only now: the orphan holds what its end is noticed by.
                let end = try await killed.ended()
                #expect(end == .signal(SIGKILL))
                #expect(try await client.group(Self.group).value.lag == 0)
            }
        }

        @Test(.timeLimit(.minutes(3)))
        func aRunMayTakeLongerThanTheCommitTimeout() async throws {
            try await Self.withOrders { broker, client, sandbox in
                let options = ["--commit-timeout", "1000", "--batch", "100", "--until-caught-up"]
                let script = #"sleep 2.5; echo "$MILLRACE_COUNT $(wc -l)""#
                let worker = try Self.work("worker", broker, sandbox, options, run: script)
                #expect(try await worker.ended() == .status(0), "\(worker.errorText)")
                let runs = Self.counts(worker)
                #expect(runs.filter { $0.count != 2 || $0[0] != $0[1] } == [], "one line a record")
                #expect(runs.reduce(0) { $0 + $1[0] } == 20, "nothing came twice")
                #expect(!worker.errorText.contains("revoked"), "\(worker.errorText)")
                #expect(try await client.group(Self.group).value.lag == 0)
            }
        }

        private static func counts(_ worker: Child) -> [[Int]] {
            lines(worker).map { $0.split(separator: " ").compactMap { Int($0) } }
        }

        /// A run that goes on until the gate is open.
        private static let gated =
            #"echo begun; until [ -e gate ]; do sleep 0.05; done; cat >/dev/null; "#
            + #"echo "done $MILLRACE_PARTITION ${MILLRACE_LAST_OFFSET:-$MILLRACE_OFFSET}""#

        private static func openGate(in sandbox: Sandbox) throws {
            try Data().write(to: sandbox.directory.appendingPathComponent("gate"))
        }
    }
}
