import Foundation
import Testing

extension EndToEndTests {
    /// A broker behind a real nginx, with the very configuration that docs/nginx.md shows.
    @Suite struct NginxTests {
        @Test(.timeLimit(.minutes(5)))
        func everythingPassesAsItComes() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(
                    in: sandbox,
                    "--heartbeat-seconds",
                    "1",
                    "--journal-mib",
                    "64"
                )
                let proxy = try await Nginx.start(before: broker, in: sandbox)
                print("nginx: \(proxy.version)")
                let curl = Curl(server: proxy.server, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)

                let sse = try curl.open("/v1/topics/orders/records", "-H", "Accept: text/event-stream")
                let lines = try curl.open("/v1/topics/orders/records?watch=true")
                let socket = try PythonScript("websocket-goodbye.py")
                    .start(in: sandbox, "127.0.0.1", proxy.port, "/v1/topics/orders/records")
                let streams = [sse, lines, socket]
                try await eventually("the streams are open") {
                    streams.allSatisfy { $0.outputText.contains("bookmark") }
                }

                // One small record, far less than any buffer, is with everybody before anything else is said.
                let record = #"{"records":[{"key":"u1","value":{"state":"placed"}}]}"#
                #expect(try await curl.send("POST", "/v1/topics/orders/records", json: record).status == 200)
                try await eventually("the record comes at once", within: .seconds(10)) {
                    streams.allSatisfy { $0.outputText.contains("record") }
                }
                try await eventually("two heartbeats come", within: .seconds(20)) {
                    sse.outputText.components(separatedBy: "\n:\n\n").count > 2
                        && lines.outputText.components(separatedBy: "\n\n").count > 2
                }
                try await Self.sendBodies(curl, sandbox)
                try await Self.openSockets(after: curl, proxy, sandbox)

                #expect(try await broker.stop() == .status(0))
                for stream in streams {
                    #expect(try await stream.ended() == .status(0), "\(stream.errorText)")
                    #expect(stream.outputText.contains("goodbye"), "\(stream.outputText)")
                    #expect(stream.outputText.contains("drain"), "\(stream.outputText)")
                }
                #expect(socket.outputText.hasSuffix("goodbye drain\nclosed 1000\n"), "\(socket.outputText)")
            }
        }

        /// Several MiB pass, and what is beyond the broker's limits is refused by the broker.
        private static func sendBodies(_ curl: Curl, _ sandbox: Sandbox) async throws {
            let line = #"{"key":"u1","value":""# + String(repeating: "x", count: 8000) + "\"}\n"
            let type = "Content-Type: application/x-ndjson"
            for (count, status) in [(1000, 200), (2600, 413)] {
                let file = sandbox.directory.appendingPathComponent("body-\(count)")
                try Data(String(repeating: line, count: count).utf8).write(to: file)
                for form in ["Expect:", "Transfer-Encoding: chunked"] {
                    let answer = try await curl.send(
                        "/v1/topics/orders/records",
                        "-H",
                        type,
                        "-H",
                        form,
                        "--data-binary",
                        "@" + file.path
                    )
                    #expect(answer.status == status, "\(count) lines, \(form): \(answer.body.prefix(300))")
                    if status == 413 { #expect(try answer.problem().code == "body-too-large") }
                }
            }
        }

        /// Handshakes that come after other requests, whose connections nginx has kept.
        private static func openSockets(after curl: Curl, _ proxy: Nginx, _ sandbox: Sandbox) async throws {
            for _ in 1...3 {
                #expect(try await curl.send("/v1/topics").status == 200)
                let path = "/v1/topics/orders/records?limit=1"
                let socket = try PythonScript("websocket-goodbye.py")
                    .start(in: sandbox, "127.0.0.1", proxy.port, path)
                #expect(try await socket.ended() == .status(0), "\(socket.errorText)")
                #expect(socket.outputText.hasSuffix("goodbye limit\nclosed 1000\n"), "\(socket.outputText)")
            }
        }
    }
}
