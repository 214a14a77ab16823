import Foundation
import Testing

extension EndToEndTests {
    /// CloudEvents, made and read by the SDK that its users have.
    @Suite struct CloudEventTests {
        @Test(.timeLimit(.minutes(5)))
        func eventsOfTheSDKComeBackEqualFromEachMode() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let client = try PythonScript("cloudevents-client.py")
                let output = try Lines.read(await client.run(in: sandbox, broker.server))
                print(output.first ?? "")
                #expect(output.last == "everything was as it should be", "\(output)")
            }
        }
    }
}
