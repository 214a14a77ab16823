import HTTPTypes
import RecordFormat
import Testing

/// The same history is the same in every framing.
@Suite struct FramingEqualityTests {
    /// Everything that could break a line, forge an event or be taken for something else.
    static let hostile = [
        #"{"key":"a\nevent: goodbye\ndata: {}\n\n","value":"x\r\ndata: y\n\n"}"#,
        #"{"key":"\r","value":{"k\n":"\u2028\u2029\u0085"}}"#,
        #"{"key":"id: 5\n","headers":{"a\n\nevent: record":"b\r\n:ok","c":{"base64":"Cgo="}},"value":[1,"\u0000"]}"#,
        #"{"keyBase64":"Cg0KZGF0YTog/w==","valueBase64":"CmRhdGE6IHsidHlwZSI6Imdvb2RieWUifQoK"}"#,
        #"{"value":null}"#, #"{"value":"type\":\"goodbye"}"#, #"{"value":{"type":"goodbye","reason":"drain"}}"#,
        "{\"value\":{\n\"a\"\r\n:\n1}}", #"{"valueBase64":"eyJhIjoKMX0="}"#, #"{"valueBase64":"bnVsbA=="}"#,
        #"{"valueBase64":""}"#, #"{"valueBase64":"IFsgMSBd"}"#, #"{"key":"😀","value":"é"}"#,
        #"{"value":1,"headers":{"n":["1","2"],"empty":""}}"#,
    ]

    @Test func theSameRecordsComeThroughEveryFraming() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 3)
        let records = Self.hostile.joined(separator: ",")
        for partition in 0..<3 {
            #expect(await harness.produce("orders", records, query: "?partition=\(partition)").status == 200)
        }
        let path = "/v1/topics/orders/records"
        let page = try await harness.send(.get, path).json()
        let ndjson = await harness.send(.get, path, headers: [.accept: "application/x-ndjson"])
        let watched = await harness.send(.get, "\(path)?watch=true&timeout=1")
        let sse = await harness.send(.get, "\(path)?timeout=1", headers: [.accept: "text/event-stream"])
        let expected = try #require(page["records"]?.array)
        #expect(expected.count == 3 * Self.hostile.count)
        #expect(try recordsOf(ndjson) == expected)
        #expect(try recordsOf(watched) == expected)
        let events = SSEReader(sse.text).events
        #expect(try events.filter { $0.type == "record" }.map { try JSON($0.data) } == expected)
        #expect(events.filter { $0.type == "goodbye" }.count == 1)
        #expect(Set(events.map(\.type)) == ["bookmark", "record", "goodbye"])
    }

    @Test func everyLineIsOneObjectOfAKnownType() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", Self.hostile.joined(separator: ","))
        let text = await harness.send(.get, "/v1/topics/orders/records?watch=true&timeout=1").text
        #expect(!text.contains("\r"))
        let types = try text.split(separator: "\n").map { try JSON(String($0))["type"]?.string }
        #expect(types.filter { $0 == "record" }.count == Self.hostile.count)
        #expect(types.filter { $0 == "goodbye" }.count == 1)
        #expect(types.allSatisfy { ["record", "bookmark", "goodbye"].contains($0) })
    }

    @Test func aStoredValueWithLineBreaksIsPutOnOneLineWhenItIsRead() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let value = Array("{\n\"a\":\r\n1}\n".utf8)
        var builder = RecordBatchBuilder(isJSON: false)
        value.withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) }
        try await harness.engine.store(topic, 0, [builder.finish()])
        let text = await harness.send(.get, "/v1/topics/orders/records").text
        #expect(text.contains("\"value\":{ \"a\":  1}"))
        #expect(!text.contains("\n"))
    }

    @Test func recordsMayBeNamedMessageForPlainEventSources() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1}")
        let sse = await harness.send(.get, "/v1/topics/orders/records?framing=sse&event=message&timeout=1")
        #expect(SSEReader(sse.text).events.contains { $0.type == "message" })
    }

    private func recordsOf(_ answer: Harness.Answer) throws -> [JSON] {
        try answer.lines().filter { $0["type"] == .string("record") }.map { $0.without("type") }
    }
}
