import HTTPTypes
import NIOCore
import RecordFormat
import Testing

@testable import BrokerAPI

@Suite struct ProduceJSONTests {
    @Test func everyRecordGetsItsPartitionOffsetAndTimestamp() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 4)
        let answer = await harness.produce(
            "orders",
            """
            {"key":"u1","value":{"total":12},"headers":{"ct":"v2"}},
            {"key":"u2","value":7,"timestamp":"2020-01-02T03:04:05.006Z"},
            {"value":"x","partition":3,"timestamp":1577934245006},{"key":"u1","value":null}
            """
        )
        #expect(answer.status == 200)
        let json = try answer.json()
        #expect(json["durability"] == .string("flushed"))
        let results = try #require(json["results"]?.array)
        #expect(results.count == 4)
        #expect(results[0]["timestamp"] == .string("2026-11-21T10:00:00.120Z"))
        #expect(results[1]["timestamp"] == .string("2020-01-02T03:04:05.006Z"))
        #expect(results[2]["timestamp"] == .string("2020-01-02T03:04:05.006Z"))
        #expect(results[2]["partition"] == .integer(3))
        #expect(results[3]["partition"] == results[0]["partition"])
        let key = Array("u1".utf8)
        let expected = key.withUnsafeBytes { Murmur2.partition(key: $0, count: 4) }
        #expect(results[0]["partition"] == .integer(Int64(expected.value)))
        #expect(results[0]["offset"] == .integer(0))
        let stored = try harness.engine.records(topic)
        #expect(stored.count == 4)
        #expect(Set(stored.map(\.valueText)) == ["{\"total\":12}", "7", "\"x\"", nil])
        #expect(stored.first { $0.valueText == "{\"total\":12}" }?.headers.count == 1)
    }

    @Test func aValueIsKeptAsSentButForLineBreaksBetweenTokens() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce("orders", "{\"value\" : {\"a\": 1.50,\r\n\t\"b\\u000a\":[ 1e3,\n2 ]}\n}\n")
        let stored = try harness.engine.records(topic)
        #expect(stored[0].valueText == "{\"a\": 1.50,  \t\"b\\u000a\":[ 1e3, 2 ]}")
    }

    @Test func batchesOfJSONAreMarkedAndOthersAreNot() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produce(
            "orders",
            "{\"value\":1},{\"value\":null},{\"value\":2},{\"valueBase64\":\"/w==\"},{\"key\":\"k\"},{\"value\":3}"
        )
        let batches = harness.engine.state.withLock { $0.topics[topic]?.logs[0].batches ?? [] }
        #expect(batches.map(\.isJSON) == [true, false, true])
        #expect(batches.map(\.recordCount) == [3, 2, 1])
        #expect(try harness.engine.records(topic).map(\.offset.value) == [0, 1, 2, 3, 4, 5])
    }

    @Test func keysAndValuesInBase64AndEscapedAreDecoded() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = await harness.produce(
            "orders",
            """
            {"keyBase64":"//4=","valueBase64":"AAEC"},{"key":"a\\n\\u00e9\\ud83d\\ude00","value":1},{"key":"","valueBase64":""}
            """
        )
        #expect(answer.status == 200)
        let stored = try harness.engine.records(topic)
        #expect(stored[0].key.map { Array($0.readableBytesView) } == [0xFF, 0xFE])
        #expect(stored[0].value.map { Array($0.readableBytesView) } == [0, 1, 2])
        #expect(stored[1].keyText == "a\né😀")
        #expect(stored[2].keyText == "")
        #expect(stored[2].valueText == "")
    }

    @Test func headersAreStringsBase64OrRepeated() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let headers = "{\"a\":\"1\",\"b\":{\"base64\":\"/w==\"},\"c\":[\"x\",{\"base64\":\"AA==\"}],\"\\u0064\":\"\"}"
        #expect(await harness.produce("orders", "{\"value\":1,\"headers\":\(headers)},{\"value\":2}").status == 200)
        let stored = try harness.engine.records(topic)
        #expect(stored[0].headers.map { String(buffer: $0.name) } == ["a", "b", "c", "c", "d"])
        #expect(stored[0].headers[1].value.map { Array($0.readableBytesView) } == [0xFF])
        #expect(stored[1].headers.isEmpty)
    }

    @Test func recordsWithoutAKeyOfOneRequestStayTogether() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 4)
        let answer = try await harness.produce("orders", "{\"value\":1},{\"value\":2},{\"value\":3}").json()
        #expect(Set(answer["results"]?.array.map { $0["partition"] } ?? []) == [.integer(1)])
        let chosen = try await harness.produce("orders", "{\"value\":1,\"key\":\"a\"}", query: "?partition=2").json()
        #expect(chosen["results"]?[0]?["partition"] == .integer(2))
    }

    /// Stored as something else it would be another record's key.
    @Test func aKeyInAFieldIsOneAndIsText() async throws {
        let harness = Harness()
        let topic = try await harness.topic("files")
        var two: HTTPFields = [:]
        two.append(HTTPField(name: .recordKey, value: "a"))
        two.append(HTTPField(name: .recordKey, value: "b"))
        for headers in [two, [.recordKey: "k\u{FFFD}"]] {
            let answer = await harness.send(
                .post,
                "/v1/topics/files/records",
                "x",
                type: "text/plain",
                headers: headers
            )
            #expect(answer.status == 400 && answer.detail.contains("Record-Key"), "\(answer.text)")
        }
        #expect(try harness.engine.records(topic).isEmpty)
    }

    @Test func aBodyOfAnyOtherTypeIsOneRecord() async throws {
        let harness = Harness()
        let topic = try await harness.topic("files")
        let answer = await harness.send(
            .post,
            "/v1/topics/files/records",
            bytes: [0xFF, 0x0A, 0x00],
            type: "image/png",
            headers: [.recordKey: "logo"]
        )
        #expect(answer.status == 200)
        #expect(try answer.json()["results"]?[0]?["offset"] == .integer(0))
        await harness.send(.post, "/v1/topics/files/records", "")
        let stored = try harness.engine.records(topic)
        #expect(stored[0].keyText == "logo")
        #expect(stored[0].value.map { Array($0.readableBytesView) } == [0xFF, 0x0A, 0x00])
        #expect(stored[1].valueText == "")
        #expect(stored[1].key == nil)
    }
}
