import Foundation
import Testing

extension EndToEndTests {
    /// Kubernetes' Python client, and the loop of list and watch that every controller has.
    @Suite struct KubernetesClientTests {
        @Test(.timeLimit(.minutes(5)))
        func thePythonClientReadsWritesAndWatches() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/prices", json: #"{"cleanup":"compact"}"#).status == 201)
                let client = try PythonScript("kubernetes-client.py")
                let output = try Lines.read(await client.run(in: sandbox, broker.server))
                print(output.first ?? "")
                #expect(output.last == "everything was as it should be", "\(output)")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func cachesAreTheServersStateThroughCrashesCompactionAndATopicMadeAnew() async throws {
            try await Sandbox.run { sandbox in
                var broker = try await Self.broker(in: sandbox, port: "0")
                let script = try PythonScript("kubernetes-reconcile.py").start(in: sandbox, broker.server)
                for number in 1...2 {
                    try await eventually("the script wants the broker killed") {
                        if let exit = script.exit { throw Overdue(description: "the script ended: \(exit)") }
                        return script.outputText.components(separatedBy: "restart\n").count - 1 == number
                    }
                    try await broker.child.crash()
                    broker = try await Self.broker(in: sandbox, port: broker.port)
                    try Data().write(to: sandbox.directory.appendingPathComponent("restarted-\(number)"))
                }
                #expect(try await script.ended() == .status(0), "\(script.errorText)")
                let output = script.outputText.split(separator: "\n").filter { $0 != "restart" }
                print(output.joined(separator: "\n"))
                #expect(output.last?.hasSuffix("everything was as it should be") == true, "\(output)")
            }
        }

        /// Whatever is sealed may be compacted as soon as a broker starts.
        private static func broker(in sandbox: Sandbox, port: String) async throws -> BrokerProcess {
            try await BrokerProcess.start(in: sandbox, port: port, "--compaction-lag-seconds", "0")
        }
    }
}
