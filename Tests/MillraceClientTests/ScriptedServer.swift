import NIOCore
import NIOPosix

/// A server that answers each connection with the next text of a script, as it stands, and closes it.
///
/// It listens on a free port of the loopback and remembers what it was asked.
actor ScriptedServer {
    /// The requests so far: heads and bodies as text.
    private(set) var requests: [String] = []
    private var answers: [String]

    private init(_ answers: [String]) {
        self.answers = answers
    }

    /// Runs `body` with the address of a server and the server.
    static func run(
        _ answers: [String],
        _ body: (_ address: String, _ server: ScriptedServer) async throws -> Void
    ) async throws {
        let server = ScriptedServer(answers)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let serving = Task {
            try await listener.executeThenClose { connections in
                for try await connection in connections { try? await server.serve(connection) }
            }
        }
        do {
            try await body("http://127.0.0.1:\(port)", server)
            serving.cancel()
            _ = await serving.result
        } catch {
            serving.cancel()
            throw error
        }
    }

    /// A whole answer.
    static func answer(_ status: String, _ body: String, type: String = "application/json") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n" + body
    }

    /// A stream of lines that ends with its connection.
    static func stream(_ lines: [String], headers: [String] = []) -> String {
        let fields = ["HTTP/1.1 200 OK", "Content-Type: application/x-ndjson", "Connection: close"] + headers
        return fields.joined(separator: "\r\n") + "\r\n\r\n" + lines.map { $0 + "\n" }.joined()
    }

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var request = ""
            for try await bytes in inbound {
                request += String(buffer: bytes)
                if Self.isWhole(request) { break }
            }
            requests.append(request)
            // An empty answer is a connection that breaks before any.
            if !answers.isEmpty { try await outbound.write(ByteBuffer(string: answers.removeFirst())) }
        }
    }

    private static func isWhole(_ request: String) -> Bool {
        guard let head = request.range(of: "\r\n\r\n") else { return false }
        let length = request[..<head.lowerBound].split(separator: "\r\n").lazy
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).filter { $0 != " " }) }
        return request[head.upperBound...].utf8.count >= length ?? 0
    }
}

extension StringProtocol {
    /// The first place of a text.
    func range(of text: String) -> Range<Index>? {
        firstRange(of: text)
    }
}
