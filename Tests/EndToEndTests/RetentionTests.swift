import Foundation
import Testing

extension EndToEndTests {
    /// Old records go by themselves, or when they are told to, and stay away after a kill.
    @Suite struct RetentionTests {
        @Test(.timeLimit(.minutes(5)))
        func oldRecordsGoAndStayAway() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox, "--maintenance-seconds", "1")
                let curl = Curl(broker, sandbox)
                let settings = #"{"retentionBytes":65536,"segmentBytesMax":65536}"#
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: settings).status == 201)
                for value in 0..<30 { try await Self.publish(curl, value) }
                let kept = try await eventually("retention lets the first segments go") {
                    let start = try await Self.logStart(of: broker)
                    return start > 0 ? start : nil
                }
                #expect(kept < 30)

                let trim = try sandbox.millrace(
                    "trim",
                    arguments: [
                        "topic", "trim", "orders", "--partition", "0", "--before", "29", "--server", broker.server,
                    ]
                )
                #expect(try await trim.ended() == .status(0), "\(trim.errorText)")
                #expect(trim.outputText == "partition 0 of orders begins at offset 29\n")
                broker.child.send(SIGKILL)
                _ = try await broker.child.ended()

                let again = try await BrokerProcess.start(in: sandbox)
                #expect(try await Self.logStart(of: again) == 29)
                let page = try await Curl(again, sandbox).send("/v1/topics/orders/records?from=earliest")
                #expect(page.body.contains("\"offset\":29") && !page.body.contains("\"offset\":28"))
                #expect(try await again.stop() == .status(0))
            }
        }

        private static func publish(_ curl: Curl, _ value: Int) async throws {
            let filling = String(repeating: "x", count: 8000)
            let body = "{\"records\":[{\"value\":\"\(value)\(filling)\"}]}"
            #expect(try await curl.send("POST", "/v1/topics/orders/records", json: body).status == 200)
        }

        private static func logStart(of broker: BrokerProcess) async throws -> Int64 {
            try await broker.withClient { try await $0.topic("orders").value.offsets?.first?.logStartOffset ?? 0 }
        }
    }
}
