import Foundation
import Testing

extension EndToEndTests {
    /// Server-sent events, read by clients that are not ours and no browsers.
    @Suite struct EventStreamTests {
        /// `sse-drop.py` lets go of its connection at every byte; `sse-client.py` is what PyPI has for everybody.
        @Test(.timeLimit(.minutes(5)), arguments: ["sse-drop.py", "sse-client.py"])
        func aClientThatIsNotOursReadsAndResumes(script: String) async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let client = try PythonScript(script)
                let output = try Lines.read(await client.run(in: sandbox, "127.0.0.1", broker.port))
                print(output.dropLast().filter { !$0.hasPrefix("ok: ") }.joined(separator: "; "))
                #expect(output.last == "everything was as it should be", "\(output)")
            }
        }
    }
}
