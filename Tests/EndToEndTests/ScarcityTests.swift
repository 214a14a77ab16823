import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// A broker that may open few files and sockets.
    @Suite struct ScarcityTests {
        private static let topic = "orders"
        /// More than there are descriptors.
        private static let partitionCount = 100

        @Test(.timeLimit(.minutes(5)))
        func morePartitionsAndConnectionsThanDescriptors() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox, descriptorsMax: 64)
                try await broker.withClient { client in
                    try await client.createTopic(Self.topic, partitions: Self.partitionCount)
                    try await Self.produce(200, to: client)
                    // Connections take every descriptor that they get, and wait for the rest; the log goes on.
                    let crowd = try (0..<150).map { _ in try IdleConnection(port: broker.port) }
                    try await Self.produce(200, to: client)
                    #expect(try await client.recordCount(Self.topic) == 400)
                    #expect(crowd.count == 150)
                }
                // Whoever comes when they have gone is served.
                try await eventually("the crowd has gone") {
                    try await Curl(broker, sandbox).send("/readyz").status == 200
                }
                try await broker.child.crash()
                let again = try await BrokerProcess.start(in: sandbox, descriptorsMax: 64)
                let count = try await again.withClient { try await $0.recordCount(Self.topic) }
                #expect(count == 400)
                #expect(try await again.stop() == .status(0))
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func tooFewDescriptorsRefuseTheStart() async throws {
            try await Sandbox.run { sandbox in
                let data = sandbox.directory.appendingPathComponent("data")
                let refused = try sandbox.millrace(
                    "refused",
                    arguments: ["serve", "--port", "0", "--data-dir", data.path],
                    descriptorsMax: 32
                )
                #expect(try await refused.ended() == .status(64))
                #expect(refused.errorText.contains("the limit of open files is 32"), "\(refused.errorText)")
                #expect(refused.errorText.contains("ulimit -n"))
                #expect(refused.outputText.isEmpty)
                #expect(!FileManager.default.fileExists(atPath: data.path))
            }
        }

        private static func produce(_ count: Int, to client: MillraceClient) async throws {
            // No request touches more partitions than there are descriptors for segments: that one would be refused.
            for start in stride(from: 0, to: count, by: 5) {
                let records = (start..<start + 5).map { NewRecord(key: "\($0)", value: $0) }
                _ = try await client.produce(topic, records)
            }
        }
    }
}

/// A connection that says nothing.
private final class IdleConnection {
    private let descriptor: Int32

    init(port: String) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = (UInt16(port) ?? 0).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw Overdue(description: "connect to port \(port): errno \(code)")
        }
    }

    deinit {
        close(descriptor)
    }
}
