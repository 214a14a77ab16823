import MillraceClient
import NIOCore
import NIOPosix

/// A broker's side of one group, as a test tells it: streams that the test writes, commits that it looks at.
///
/// Everything but streams is answered by a closure; what it has no answer for is 404.
actor MemberServer {
    /// A request.
    struct Request: Sendable {
        /// Such as `GET /v1/groups/g/stream?topics=a`.
        let line: String
        let body: String
    }

    /// Answers a request that opens no stream.
    typealias Answer = @Sendable (_ request: Request, _ number: Int) -> String?

    /// The requests that opened no stream, in their order.
    private(set) var requests: [Request] = []
    /// The request lines of the streams that were opened.
    private(set) var streams: [String] = []
    private let answer: Answer
    private var writers: [AsyncStream<String?>.Continuation] = []
    private var changes: [CheckedContinuation<Void, Never>] = []

    private init(_ answer: @escaping Answer) { self.answer = answer }

    /// Runs `body` with a client of a server that listens on a free port.
    static func run(
        answering answer: @escaping Answer = { MemberServer.usual($0, $1) },
        _ body: (_ client: MillraceClient, _ server: MemberServer) async throws -> Void
    ) async throws {
        let server = MemberServer(answer)
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let port = listener.channel.localAddress?.port ?? 0
        let serving = Task {
            try await withThrowingDiscardingTaskGroup { tasks in
                try await listener.executeThenClose { connections in
                    for try await connection in connections {
                        tasks.addTask { try? await server.serve(connection) }
                    }
                }
            }
        }
        defer { serving.cancel() }
        try await MillraceClient.withClient(
            server: "http://127.0.0.1:\(port)",
            configuration: RequestTests.configuration
        ) { client in
            try await body(client, server)
        }
    }

    /// Commits are taken, and leaving succeeds.
    static func usual(_ request: Request, _ number: Int) -> String? {
        if request.line.hasPrefix("DELETE ") { return "HTTP/1.1 204 No Content\r\n\r\n" }
        guard request.line.contains("/commits ") else { return nil }
        return json(#"{"results":[\#(committed(request.body).joined(separator: ","))]}"#)
    }

    /// An answer of 200.
    static func json(_ body: String, status: String = "200 OK") -> String {
        "HTTP/1.1 \(status)\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body
    }

    /// The partitions that a commit names, each committed.
    private static func committed(_ body: String) -> [String] {
        guard body.contains(#""offsets""#) else { return [] }
        return body.matches(of: /"partition":(\d+)/).map { match in
            #"{"topic":"a","partition":\#(match.output.1),"result":"committed"}"#
        }
    }

    // MARK: What a test does

    /// Waits for a stream to be opened, and returns what writes its lines; nil ends it.
    func stream(_ number: Int) async throws -> AsyncStream<String?>.Continuation {
        while writers.count <= number { try await change() }
        return writers[number]
    }

    /// Waits for a request whose line and body contain all of these texts.
    @discardableResult
    func request(_ texts: String...) async throws -> Request {
        while true {
            let found = requests.first { request in texts.allSatisfy { (request.line + request.body).contains($0) } }
            if let found { return found }
            try await change()
        }
    }

    private func change() async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { changes.append($0) }
        } onCancel: {
            Task { await self.changed() }
        }
        try Task.checkCancellation()
    }

    private func changed() {
        let waiting = changes
        changes = []
        for continuation in waiting { continuation.resume() }
    }

    // MARK: Serving

    private func serve(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async throws {
        try await connection.executeThenClose { inbound, outbound in
            var received = ""
            for try await bytes in inbound {
                received += String(buffer: bytes)
                while let request = Self.take(&received) {
                    if request.line.contains("/stream?") { return try await write(request, to: outbound) }
                    guard let text = reply(request) else { return }
                    try await outbound.write(ByteBuffer(string: text))
                }
            }
        }
    }

    /// Nil breaks the connection.
    private func reply(_ request: Request) -> String? {
        requests.append(request)
        changed()
        return answer(request, requests.count)
    }

    private func write(
        _ request: Request,
        to outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws {
        let (lines, writer) = AsyncStream.makeStream(of: String?.self)
        streams.append(request.line)
        writers.append(writer)
        changed()
        let head = ["Group-Member: m_1", "Group-Epoch: 1", "Group-Session: s1"]
        try await outbound.write(ByteBuffer(string: ScriptedServer.stream([], headers: head)))
        for await line in lines {
            guard let line else { return }
            try await outbound.write(ByteBuffer(string: line + "\n"))
        }
    }

    private static func take(_ received: inout String) -> Request? {
        guard let head = received.range(of: "\r\n\r\n") else { return nil }
        let fields = received[..<head.lowerBound].split(separator: "\r\n")
        let length = fields.lazy.first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).filter { $0 != " " }) }
        let rest = received[head.upperBound...]
        guard rest.utf8.count >= length ?? 0 else { return nil }
        // The test's bodies are ASCII.
        let body = rest.prefix(length ?? 0)
        let request = Request(line: String(fields.first ?? ""), body: String(body))
        received = String(rest.dropFirst(body.count))
        return request
    }
}
