import HTTPTypes
import NIOCore
import RecordFormat
import Testing

/// What a request carries besides its records: an encoding, a trace, several bad records.
@Suite struct ProduceEncodingTests {
    private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    private func send(_ harness: Harness, gzipOf text: String, cutBy cut: Int = 0) async throws -> Harness.Answer {
        let plain = ByteBuffer(string: text)
        let zipped = try plain.withUnsafeReadableBytes { try Gzip.deflate($0) }
        return await harness.send(
            .post,
            "/v1/topics/orders/records",
            bytes: Array(zipped.readableBytesView.dropLast(cut)),
            type: "application/x-ndjson",
            headers: [.contentEncoding: "GZIP"]
        )
    }

    @Test func aGzippedBodyIsInflated() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        #expect(try await send(harness, gzipOf: "{\"value\":1}\n{\"value\":2}\n").status == 200)
        #expect(try harness.engine.records(topic).map(\.valueText) == ["1", "2"])
    }

    @Test func aBombAndADamagedBodyAreRefused() async throws {
        let harness = Harness { $0.requestBodyBytesMax = ByteCount(100_000) }
        let topic = try await harness.topic("orders")
        let bomb = try await send(harness, gzipOf: String(repeating: "{\"value\":1}\n", count: 10_000))
        #expect(bomb.status == 413)
        #expect(bomb.code == "body-too-large" && bomb.detail.contains("inflated"))
        let cut = try await send(harness, gzipOf: "{\"value\":1}\n", cutBy: 3)
        #expect(cut.status == 400)
        #expect(cut.detail.contains("not the gzip that its Content-Encoding claims"))
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test func anotherEncodingIsNamed() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let path = "/v1/topics/orders/records"
        let answer = await harness.send(.post, path, "x", headers: [.contentEncoding: "br"])
        #expect(answer.status == 415)
        #expect(answer.detail.contains("\"br\""))
        #expect(answer.headers[.acceptEncoding] == "gzip")
        #expect(await harness.send(.post, path, "x", headers: [.contentEncoding: "identity"]).status == 200)
    }

    @Test func theTraceGoesWithEachRecord() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let name = try #require(HTTPField.Name("traceparent"))
        let own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        let records = """
            {"records":[{"value":1},{"value":2,"headers":{"a":"b"}},{"value":3,"headers":{"traceparent":"\(own)"}}]}
            """
        let path = "/v1/topics/orders/records"
        for trace in [Self.trace, "00-\(String(repeating: "0", count: 32))-00f067aa0ba902b7-01", "nonsense"] {
            let answer = await harness.send(.post, path, records, type: "application/json", headers: [name: trace])
            #expect(answer.status == 200)
        }
        let found = try harness.engine.records(topic).map { record in
            record.headers.map { "\(String(buffer: $0.name))=\($0.value.map { String(buffer: $0) } ?? "")" }
        }
        let untraced = [[], ["a=b"], ["traceparent=\(own)"]]
        #expect(
            found == [
                ["traceparent=\(Self.trace)"], ["a=b", "traceparent=\(Self.trace)"], ["traceparent=\(own)"],
            ] + untraced + untraced
        )
    }

    @Test func everyBadRecordIsNamed() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 2)
        let answer = await harness.produceLines(
            "orders",
            "{\"value\":1}\n{\"value\":}\n{\"value\":1,\"partition\":7}\n{\"value\":2}\n{\"x\":1}\n"
        )
        #expect(answer.status == 400)
        let json = try answer.json()
        #expect(json["errorCount"] == .integer(3))
        #expect(json["line"] == .integer(2))
        let codes = [json["errors"]?[0], json["errors"]?[1], json["errors"]?[2]].map { $0??["code"]?.string }
        #expect(codes == ["invalid-request", "partition-not-found", "invalid-request"])
        #expect(json["errors"]?[2]?["line"] == .integer(5))
        #expect(answer.detail.contains("3 records are bad in all"))
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test func ofVeryManyBadRecordsSomeAreNamedAndAllCounted() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.produceLines("orders", String(repeating: "x\n", count: 250))
        let json = try answer.json()
        #expect(json["errorCount"] == .integer(250))
        #expect(json["errors"]?[99] != nil && json["errors"]?[100] == nil)
    }
}
