import BrokerHTTP
import Testing

extension HTTPTransport {
    /// The one that surfaces of this test have.
    @TaskLocal static var current = HTTPTransport.direct
}

/// Runs a test over each transport, one after the other.
struct BothTransports: TestTrait, SuiteTrait, TestScoping {
    let isRecursive = true

    @concurrent
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        for transport in HTTPTransport.allCases {
            try await HTTPTransport.$current.withValue(transport) { try await function() }
        }
    }
}

extension Trait where Self == BothTransports {
    /// What holds over one transport holds over the other.
    static var bothTransports: Self { Self() }
}
