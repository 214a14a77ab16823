import Foundation
import Testing

extension EndToEndTests {
    /// Clients that are bad in every way, beside good ones that notice nothing of it.
    @Suite struct BadClientTests {
        @Test(.timeLimit(.minutes(5)))
        func badClientsAreToldAndHealthyOnesSeeEverything() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let client = try PythonScript("bad-clients.py")
                let pid = "\(broker.child.pid)"
                let output = try Lines.read(await client.run(in: sandbox, "127.0.0.1", broker.port, pid))
                print(output.first ?? "")
                #expect(output.last == "everything was as it should be", "\(output)")
                #expect(try await broker.stop() == .status(0))
            }
        }
    }
}
