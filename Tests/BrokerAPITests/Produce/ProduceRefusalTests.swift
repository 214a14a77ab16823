import BrokerCore
import HTTPTypes
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct ProduceRefusalTests {
    @Test(arguments: [
        ("{\"value\":1},{\"value\":}", "byte 33 of the body"),
        ("{\"value\":1},{\"value\":1,\"valueBase64\":\"AA==\"}", "record 1, byte 49"),
        ("{\"value\":1,\"extra\":2}", "record 0, byte 24"),
        ("{\"value\":1,\"value\":2}", "value is given twice"),
        ("{\"key\":1}", "key is not a string"),
        ("{\"key\":\"a\",\"keyBase64\":\"AA==\"}", "both given"),
        ("{\"keyBase64\":\"A\"}", "base64"),
        ("{\"valueBase64\":\"____\"}", "base64"),
        ("{\"key\":\"\\ud800\",\"value\":1}", "record 0"),
        ("{\"partition\":-1}", "partition is a whole number"),
        ("{\"partition\":\"1\"}", "partition is a whole number"),
        ("{\"timestamp\":\"yesterday\"}", "timestamp is RFC 3339"),
        ("{\"timestamp\":-5}", "timestamp is RFC 3339"),
        ("{\"timestamp\":true}", "timestamp is RFC 3339"),
        ("{\"headers\":[]}", "headers is not an object"),
        ("{\"headers\":{\"a\":1}}", "not a string"),
        ("{\"headers\":{\"a\":null}}", "not a string"),
        ("{\"headers\":{\"a\":{\"base\":\"AA==\"}}}", "base64"),
        ("{\"headers\":{\"a\":\"1\",\"\\u0061\":\"2\"}}", "a name twice"),
        ("5", "a record is an object"),
        ("", "records is empty"),
    ])
    func aWrongRecordIsNamedAndNothingIsStored(records: String, reason: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = await harness.produce("orders", records)
        #expect(answer.status == 400)
        #expect(answer.code == "invalid-request")
        #expect(answer.detail.contains(reason), "\(answer.detail)")
        #expect(try answer.json()["noSideEffects"] == .bool(true))
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test(arguments: [
        "", "[]", "{\"recs\":[]}", "{\"records\":{}}", "{\"records\":[{}],\"x\":1}", "{\"records\":[{\"value\":1}]",
    ])
    func aWrongBodyIsRefused(body: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(
            .post,
            "/v1/topics/orders/records",
            body,
            type: "application/json; charset=utf-8"
        )
        #expect(answer.status == 400)
    }

    @Test func aRecordWithoutAKeyIsRefusedOnACompactedTopic() async throws {
        let harness = Harness()
        let topic = try TopicName(validating: "latest")
        var settings = TopicSettingsChange()
        settings.cleanup = .value(.compact)
        _ = try await harness.engine.createTopic(topic, settings: settings)
        let answer = await harness.produce("latest", "{\"key\":\"a\",\"value\":1},{\"value\":2}")
        #expect(answer.status == 400 && answer.code == "key-missing")
        #expect(answer.detail.contains("record 1"), "\(answer.detail)")
        #expect(try answer.json()["noSideEffects"] == .bool(true))
        let lines = await harness.send(
            .post,
            "/v1/topics/latest/records",
            "{\"key\":\"a\",\"value\":1}\n{\"value\":2}\n",
            type: "application/x-ndjson"
        )
        #expect(lines.status == 400 && lines.code == "key-missing")
        let raw = await harness.send(.post, "/v1/topics/latest/records", "bytes", type: "application/octet-stream")
        #expect(raw.status == 400 && raw.code == "key-missing")
        #expect(try harness.engine.records(topic).isEmpty)
        let tombstone = await harness.produce("latest", "{\"key\":\"a\",\"value\":null},{\"key\":\"\",\"value\":1}")
        #expect(tombstone.status == 200)
        #expect(try harness.engine.records(topic).count == 2)
    }

    /// The ways in which a request can name a partition: all at once, and a record of its own.
    private static let waysToAPartition: [(query: String, type: String, fields: HTTPFields, body: String)] = [
        ("?partition=P", "application/json", [:], #"{"records":[{"key":"a","value":1}]}"#),
        ("", "application/json", [:], #"{"records":[{"key":"a","value":1,"partition":P}]}"#),
        ("", "application/json", [:], #"{"records":[{"keyBase64":"YQ==","value":null,"partition":P}]}"#),
        ("?partition=P", "application/x-ndjson", [:], #"{"key":"a","value":1}"#),
        ("?partition=P&as=values&key=/k", "application/x-ndjson", [:], #"{"k":"a"}"#),
        ("?partition=P&expectedOffset=0", "application/json", [:], #"{"records":[{"key":"a","value":1}]}"#),
        ("?partition=P", "application/octet-stream", [.recordKey: "a"], "bytes"),
        ("?partition=P", "application/cloudevents+json", [:], "{\(event)}"),
        ("?partition=P", "application/cloudevents-batch+json", [:], "[{\(event)}]"),
        ("?partition=P", "application/json", eventFields, "1"),
    ]
    private static let event = #""specversion":"1.0","id":"1","source":"/s","type":"t","partitionkey":"a","data":1"#
    private static let eventFields: HTTPFields = {
        var fields: HTTPFields = [.recordKey: "a"]
        for (name, value) in [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")] {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return fields
    }()

    @Test(arguments: waysToAPartition.indices)
    func aKeyGoesToItsOwnPartitionOfACompactedTopic(index: Int) async throws {
        let (query, type, fields, body) = Self.waysToAPartition[index]
        let harness = Harness()
        let topic = try TopicName(validating: "latest")
        var settings = TopicSettingsChange(partitions: 3)
        settings.cleanup = .value(.compact)
        _ = try await harness.engine.createTopic(topic, settings: settings)
        let own = Array("a".utf8).withUnsafeBytes { Murmur2.partition(key: $0, count: 3) }.value
        func send(_ partition: Int32) async -> Harness.Answer {
            func filled(_ text: String) -> String {
                text.split(separator: "P", omittingEmptySubsequences: false).joined(separator: "\(partition)")
            }
            let path = "/v1/topics/latest/records" + filled(query)
            return await harness.send(.post, path, filled(body), type: type, headers: fields)
        }
        for other in Int32(0)..<3 where other != own {
            let answer = await send(other)
            #expect(answer.status == 400 && answer.code == "key-elsewhere", "\(answer.text)")
            #expect(try answer.json()["partition"] == .integer(Int64(own)))
            #expect(try answer.json()["noSideEffects"] == .bool(true))
        }
        #expect(try harness.engine.records(topic).isEmpty)
        #expect(await send(own).status == 200)
        #expect(try harness.engine.records(topic).count == 1)
    }

    @Test func malformedJSONTellsTheLineAndTheByte() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.send(
            .post,
            "/v1/topics/orders/records",
            "{\"records\":[\n{\"value\":1},\n{\"value\":nul}]}",
            type: "application/json"
        )
        #expect(try answer.json()["line"] == .integer(3))
        #expect(try answer.json()["byteOffset"]?.integer ?? 0 >= 34)
    }

    @Test func invalidUTF8IsRefusedAtItsByte() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let body = Array("{\"records\":[{\"value\":\"".utf8) + [0xC3, 0x28] + Array("\"}]}".utf8)
        let answer = await harness.send(.post, "/v1/topics/orders/records", bytes: body, type: "application/json")
        #expect(answer.status == 400)
        #expect(answer.detail.contains("invalid UTF-8"))
        #expect(try answer.json()["byteOffset"] == .integer(22))
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test func theReservedHeaderIsRefused() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        let answer = await harness.produce("orders", "{\"value\":1,\"headers\":{\"millrace.deliver-at\":\"x\"}}")
        #expect(answer.status == 400)
        #expect(answer.code == "header-reserved")
    }

    @Test func anUnknownTopicShowsWhatToSend() async {
        let answer = await Harness().produce("orders", "{\"value\":1}")
        #expect(answer.status == 404)
        #expect(answer.code == "topic-not-found")
        #expect(answer.detail.contains("PUT /v1/topics/orders"))
    }

    @Test func anUnknownPartitionTellsHowManyThereAre() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 2)
        let answer = await harness.produce("orders", "{\"value\":1},{\"value\":1,\"partition\":2}")
        #expect(answer.status == 404)
        #expect(answer.code == "partition-not-found")
        #expect(try answer.json()["record"] == .integer(1))
        #expect(await harness.produce("orders", "{\"value\":1}", query: "?partition=2").status == 404)
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test func eachLimitHasItsOwnError() async throws {
        let harness = Harness(recordsPerRequestMax: 3) {
            $0.recordBytesMax = ByteCount(200)
            $0.headersPerRecordMax = 2
            $0.headerBytesMax = ByteCount(50)
            $0.jsonDepthMax = 4
        }
        let topic = try await harness.topic("orders")
        let large = await harness.produce(
            "orders",
            "{\"value\":1},{\"value\":\"\(String(repeating: "x", count: 200))\"}"
        )
        #expect(large.status == 413)
        #expect(large.code == "record-too-large")
        #expect(try large.json()["record"] == .integer(1))
        #expect(try large.json()["maxBytes"] == .integer(200))
        let many = await harness.produce("orders", Array(repeating: "{\"value\":1}", count: 4).joined(separator: ","))
        #expect(many.code == "too-many-records")
        let headers = await harness.produce("orders", "{\"headers\":{\"a\":\"\",\"b\":\"\",\"c\":\"\"}}")
        #expect(headers.code == "headers-too-large")
        let long = await harness.produce("orders", "{\"headers\":{\"a\":\"\(String(repeating: "x", count: 60))\"}}")
        #expect(long.code == "headers-too-large")
        let deep = await harness.produce("orders", "{\"value\":[[[[[1]]]]]}")
        #expect(deep.status == 400)
        #expect(await harness.produce("orders", "{\"value\":[[[[1]]]]}").status == 200)
        #expect(try harness.engine.records(topic).count == 1)
    }

    @Test func manyRecordsAreSplitIntoBatchesWithinTheBound() async throws {
        let harness = Harness { $0.batchBytesMax = .kibibytes(2) }
        let topic = try await harness.topic("orders")
        let lines = (0..<500).map { "{\"value\":{\"number\":\($0)}}" }.joined(separator: "\n")
        #expect(await harness.produceLines("orders", lines).status == 200)
        let batches = harness.engine.state.withLock { $0.topics[topic]?.logs[0].batches ?? [] }
        #expect(batches.count > 5)
        #expect(batches.allSatisfy { $0.encodedBytes <= .kibibytes(2) })
        #expect(try harness.engine.records(topic).map(\.valueText) == (0..<500).map { "{\"number\":\($0)}" })
    }

    @Test func aRefusalOfTheEngineIsMapped() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        harness.engine.set { $0.appendError = .queueFull(retryAfterMilliseconds: 1500) }
        let full = await harness.produce("orders", "{\"value\":1}")
        #expect(full.status == 429)
        #expect(full.headers[.retryAfter] == "2")
        harness.engine.set { $0.appendError = .outcomeUnknown("the disk failed") }
        let unknown = try await harness.produce("orders", "{\"value\":1}").json()
        #expect(unknown["outcome"] == .string("unknown"))
        #expect(unknown["noSideEffects"] == .bool(false))
        harness.engine.set { $0.phase = .draining }
        #expect(await harness.produce("orders", "{\"value\":1}").code == "draining")
    }
}
