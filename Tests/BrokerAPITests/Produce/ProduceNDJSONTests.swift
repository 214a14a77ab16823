import RecordFormat
import Testing

@Suite struct ProduceNDJSONTests {
    @Test func eachLineIsARecordAndTheAnswerIsASummary() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders", partitions: 2)
        let answer = await harness.produceLines(
            "orders",
            "{\"value\":1,\"partition\":1}\r\n\n  \t\r\n{\"value\":{\"a\":\r2},\"partition\":1}\n{\"value\":3,\"partition\":0}"
        )
        #expect(answer.status == 200)
        let json = try answer.json()
        #expect(json["count"] == .integer(3))
        #expect(json["durability"] == .string("flushed"))
        #expect(
            try json["partitions"]
                == JSON(
                    """
                    [{"partition":0,"baseOffset":0,"endOffset":1,"count":1},
                     {"partition":1,"baseOffset":0,"endOffset":2,"count":2}]
                    """
                )
        )
        #expect(try harness.engine.records(topic).map(\.valueText) == ["3", "1", "{\"a\": 2}"])
    }

    @Test func bareValuesTakeTheirKeyFromAPointer() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let lines = "{\"u\":{\"id\":\"a\\u0062\"}}\n{\"u\":{\"id\":7}}\n{\"u\":{\"id\":true}}\n"
        let answer = await harness.produceLines("orders", lines, query: "?as=values&key=/u/id")
        #expect(answer.status == 200)
        let stored = try harness.engine.records(topic)
        #expect(stored.map(\.keyText) == ["ab", "7", "true"])
        #expect(stored[0].valueText == "{\"u\":{\"id\":\"a\\u0062\"}}")
    }

    /// 512 levels of the value, whatever stands around it.
    @Test(arguments: [("?as=values", "", ""), ("", "{\"value\":", "}")] as [(String, String, String)])
    func aValueIsNestedAsDeepAsTheLimitAndNoDeeper(query: String, before: String, after: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        for (levels, status) in [(512, 200), (513, 400)] {
            let value = String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
            #expect(await harness.produceLines("orders", before + value + after, query: query).status == status)
        }
        #expect(try harness.engine.records(topic).count == 1)
    }

    @Test func bareValuesNeedNoKey() async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        await harness.produceLines("orders", "1\n\"two\"\nnull\n", query: "?as=values")
        let stored = try harness.engine.records(topic)
        #expect(stored.map(\.valueText) == ["1", "\"two\"", nil])
        #expect(stored.allSatisfy { $0.key == nil })
    }

    @Test(arguments: [
        ("{\"a\":1}\n{\"a\":}\n", "?as=values", "line 2, byte 13"),
        ("{\"id\":\"x\"}\n{\"other\":1}\n", "?as=values&key=/id", "line 2, byte 11"),
        ("{\"id\":{}}\n", "?as=values&key=/id", "line 1, byte 6"),
        ("{\"id\":null}\n", "?as=values&key=/id", "line 1"),
        ("{\"value\":1}\n\n{\"value\":1} x\n", "", "line 3, byte 25"),
        ("{\"value\":1}\n[1]\n", "", "line 2, byte 12"),
        ("{\"value\":1}\n{\"key\":5}\n", "", "line 2, byte 19"),
        ("\n\n", "", "no record on any line"),
        ("", "", "no record on any line"),
    ])
    func aWrongLineIsNamedWithItsByteAndNothingIsStored(lines: String, query: String, place: String) async throws {
        let harness = Harness()
        let topic = try await harness.topic("orders")
        let answer = await harness.produceLines("orders", lines, query: query)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(place), "\(answer.detail)")
        #expect(answer.detail.contains("nothing was stored"))
        #expect(try harness.engine.records(topic).isEmpty)
        #expect(harness.engine.state.withLock { $0.appendCalls } == 0)
    }

    @Test(arguments: ["?as=lines", "?key=/a", "?as=values&key=a", "?as=values&key=/~2"])
    func aWrongQueryIsRefused(query: String) async throws {
        let harness = Harness()
        try await harness.topic("orders")
        #expect(await harness.produceLines("orders", "1", query: query).status == 400)
    }

    @Test func asValuesIsForLinesAlone() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        #expect(await harness.produce("orders", "{\"value\":1}", query: "?as=values").status == 400)
    }
}
