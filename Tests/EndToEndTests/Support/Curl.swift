import Foundation

/// `curl`, for what any client can do.
struct Curl {
    /// An answer.
    struct Answer {
        let status: Int
        let body: String

        /// The answer as a problem document.
        func problem() throws -> Problem {
            try JSONDecoder().decode(Problem.self, from: Data(body.utf8))
        }
    }

    /// What a problem document says.
    struct Problem: Decodable {
        let status: Int
        let code: String
        let detail: String
        let noSideEffects: Bool
        let line: Int?
        let byteOffset: Int?
    }

    let sandbox: Sandbox
    let server: String

    init(_ broker: BrokerProcess, _ sandbox: Sandbox) {
        self.init(server: broker.server, sandbox)
    }

    /// For whatever stands before a broker.
    init(server: String, _ sandbox: Sandbox) {
        self.sandbox = sandbox
        self.server = server
    }

    /// Sends a request and waits for the whole answer.
    func send(_ path: String, _ arguments: String...) async throws -> Answer {
        let body = sandbox.directory.appendingPathComponent("\(UUID().uuidString).body")
        let options = ["-sS", "--max-time", "60", "-o", body.path, "-w", "%{http_code}"]
        let child = try sandbox.program("curl", "curl", options + arguments + [server + path])
        guard try await child.ended() == .status(0) else { throw Overdue(description: "curl: \(child.errorText)") }
        return Answer(
            status: Int(child.outputText) ?? 0,
            body: (try? String(contentsOf: body, encoding: .utf8)) ?? ""
        )
    }

    /// Sends a JSON document.
    func send(_ method: String, _ path: String, json: String) async throws -> Answer {
        try await send(path, "-X", method, "-H", "Content-Type: application/json", "--data-binary", json)
    }

    /// Opens a stream that goes on, as `curl -N` does: the answer's head and body are the process's output.
    func open(_ path: String, _ arguments: String...) throws -> Child {
        try sandbox.program("curl-stream", "curl", ["-sS", "-N", "-i"] + arguments + [server + path])
    }
}
