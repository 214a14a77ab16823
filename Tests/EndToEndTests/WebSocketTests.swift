import Foundation
import Testing

extension EndToEndTests {
    /// WebSockets, spoken by a client that is not ours.
    @Suite struct WebSocketTests {
        @Test(.timeLimit(.minutes(5)))
        func aClientThatIsNotOursWatchesCommitsAndIsRefused() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let client = try PythonScript("websocket-client.py")
                let output = try Lines.read(await client.run(in: sandbox, "127.0.0.1", broker.port))
                print(output.first ?? "")
                #expect(output.last == "everything was as it should be", "\(output)")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func terminationSaysGoodbyeAndCloses() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let client = try PythonScript("websocket-goodbye.py")
                let watch = try client.start(in: sandbox, "127.0.0.1", broker.port, "/v1/topics/orders/records")
                let member = try client.start(
                    in: sandbox,
                    "127.0.0.1",
                    broker.port,
                    "/v1/groups/billing/stream?topics=orders"
                )
                try await eventually("the sockets are open") {
                    watch.outputText.contains("bookmark") && member.outputText.contains("assigned")
                }
                #expect(try await broker.stop() == .status(0))
                for socket in [watch, member] {
                    #expect(try await socket.ended() == .status(0), "\(socket.errorText)")
                    #expect(socket.outputText.hasSuffix("goodbye drain\nclosed 1000\n"), "\(socket.outputText)")
                }
            }
        }
    }
}
