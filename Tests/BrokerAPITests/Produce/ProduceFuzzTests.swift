import RecordFormat
import Testing

/// Damaged bodies are refused whole or stored whole, and never trap.
@Suite struct ProduceFuzzTests {
    private static let json =
        Array(
            #"{"records":[{"key":"a\u00e9","value":{"x":[1,null,"\n"]},"headers":{"h":["1",{"base64":"AA=="}]}},"#.utf8
        )
        + Array(#"{"keyBase64":"/w==","valueBase64":"AAEC","partition":1,"timestamp":"2026-11-21T10:00:00Z"}]}"#.utf8)
    private static let lines = Array(
        "{\"key\":\"a\",\"value\":[1]}\n{\"value\":{\"b\":\r2},\"partition\":0}\n\n{\"value\":3}".utf8
    )

    @Test(arguments: [("application/json", json, 2), ("application/x-ndjson", lines, 3)])
    func aTruncatedBodyIsStoredWholeOrNotAtAll(type: String, body: [UInt8], count: Int) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 2)
        var before = 0
        for length in 0...body.count {
            let answer = await harness.send(
                .post,
                "/v1/topics/orders/records",
                bytes: Array(body[..<length]),
                type: type
            )
            let after = try harness.engine.records(topic).count
            #expect(answer.status == 200 ? after > before && after - before <= count : after == before)
            #expect(answer.status == 200 || answer.status == 400)
            before = after
        }
    }

    @Test(arguments: [("application/json", json), ("application/x-ndjson", lines)])
    func aBodyWithAnyByteChangedIsStoredOrRefused(type: String, body: [UInt8]) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 2)
        for index in body.indices {
            for byte: UInt8 in [0x00, 0x0A, 0x0D, 0x22, 0x5C, 0x7B, 0x7D, 0x80, 0xFF] {
                var changed = body
                changed[index] = byte
                let before = try harness.engine.records(topic).count
                let answer = await harness.send(.post, "/v1/topics/orders/records", bytes: changed, type: type)
                #expect([200, 400, 404].contains(answer.status))
                if answer.status != 200 { #expect(try harness.engine.records(topic).count == before) }
                harness.engine.set { $0.topics[topic]?.logs = [MemoryEngine.Log(), MemoryEngine.Log()] }
            }
        }
    }
}
