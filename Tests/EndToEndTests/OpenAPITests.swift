import Foundation
import Testing

extension EndToEndTests {
    /// The OpenAPI document is true: a tool that reads nothing else tries every operation.
    @Suite struct OpenAPITests {
        @Test(.timeLimit(.minutes(5)))
        func everyOperationAnswersAsItsDocumentSays() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let seed = UInt32.random(in: 0...999_999)
                let child = try PythonScript("try-openapi.py").start(in: sandbox, broker.server, "\(seed)")
                let end = try await child.ended(within: .seconds(240))
                print(child.outputText.prefix { $0 != "\n" })
                #expect(end == .status(0), "\(child.outputText)\n\(child.errorText)")
                // Whatever it was sent, it works, and says nothing of faults.
                #expect(try await Curl(broker, sandbox).send("/healthz").status == 200)
                #expect(!broker.child.errorText.contains(" error "), "\(broker.child.errorText)")
                #expect(try await broker.stop() == .status(0))
            }
        }
    }
}
