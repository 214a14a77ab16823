import BrokerCore
import RecordFormat
import Testing

@Suite struct TopicTests {
    @Test func aTopicIsCreatedOnceAndThenUnchanged() async throws {
        let harness = Harness()
        let created = await harness.send(.put, "/v1/topics/orders", "{\"partitions\":3}")
        #expect(created.status == 201)
        #expect(try created.json()["topic"] == .string("orders"))
        #expect(try created.json()["partitions"] == .integer(3))
        #expect(try created.json()["offsets"]?.array.count == 3)
        #expect(await harness.send(.put, "/v1/topics/orders", "{\"partitions\":3}").status == 200)
        #expect(await harness.send(.put, "/v1/topics/orders").status == 200)
        let other = await harness.send(.put, "/v1/topics/orders", "{\"partitions\":4}")
        #expect(other.status == 409)
        #expect(other.code == "conflict")
        #expect(other.detail.contains("partitions is 3, not 4"))
    }

    @Test func aTopicWithoutSettingsHasOnePartition() async throws {
        let answer = await Harness().send(.put, "/v1/topics/orders")
        #expect(try answer.json()["partitions"] == .integer(1))
    }

    @Test(arguments: [
        ("{\"partitions\":0}", "from 1 to 10000"), ("{\"partitions\":10001}", "from 1 to 10000"),
        ("{\"partitions\":\"3\"}", "not a whole number"), ("{\"partitions\":1.5}", "not a whole number"),
        ("{\"partition\":3}", "known are partitions"), ("{\"partitions\":1,\"partitions\":2}", "given twice"),
        ("{\"cleanup\":\"never\"}", "cleanup is delete or compact, not \"never\""),
        ("{\"cleanup\":1}", "cleanup is not a string"),
        ("{\"compression\":\"zstd\"}", "compression is none or gzip, not \"zstd\""),
        ("{\"onCorruption\":\"halt\"}", "onCorruption is quarantine or skip"),
        ("{\"retentionBytes\":0}", "retentionBytes is at least 1"),
        ("{\"retentionSeconds\":-1}", "retentionSeconds is from 1 to"),
        ("{\"retentionMs\":1}", "\"retentionMs\" is unknown; known are partitions, cleanup"),
        ("{\"segmentBytesMax\":1}", "segmentBytesMax is from 65536 to 1073741824"),
        ("{\"durability\":\"flushed\"}", "durability is reserved"), ("{\"schema\":null}", "schema is reserved"),
        ("{\"key\":\"id\"}", "key is reserved"), ("{\"ttl\":5}", "ttl is reserved"),
        ("[]", "not a JSON object"), ("{\"partitions\":", "byte 14"), ("{} {}", "byte 3"),
    ])
    func settingsThatAreWrongAreRefused(body: String, reason: String) async {
        let harness = Harness()
        let answer = await harness.send(.put, "/v1/topics/orders", body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason))
        #expect(await harness.send(.get, "/v1/topics/orders").status == 404)
    }

    @Test func settingsAreToldAsTheyAreInForce() async throws {
        let harness = Harness()
        let created = await harness.send(
            .put,
            "/v1/topics/orders",
            "{\"retentionSeconds\":60,\"compression\":\"gzip\"}"
        )
        #expect(created.status == 201)
        #expect(
            created.text.contains(
                "\"partitions\":1,\"cleanup\":\"delete\",\"retentionBytes\":null,\"retentionSeconds\":60,"
                    + "\"compression\":\"gzip\",\"onCorruption\":\"quarantine\",\"segmentBytesMax\":134217728"
            )
        )
        let differs = await harness.send(.put, "/v1/topics/orders", "{\"retentionSeconds\":null}")
        #expect(differs.status == 409)
        #expect(try differs.json()["differs"] == .string("retentionSeconds is 60, not unlimited"))
        let list = try await harness.send(.get, "/v1/topics").json()
        #expect(list["topics"]?[0]?["retentionSeconds"] == .integer(60))
    }

    @Test func aTopicsCompressionIsGoneBy() async throws {
        let harness = Harness()
        #expect(await harness.send(.put, "/v1/topics/orders", "{\"compression\":\"gzip\"}").status == 201)
        // What does not become smaller stays plain.
        let text = String(repeating: "text ", count: 100)
        #expect(await harness.produce("orders", "{\"value\":{\"a\":\"\(text)\"}}").status == 200)
        let name = try TopicName(validating: "orders")
        let batches = try #require(harness.engine.state.withLock { $0.topics[name]?.logs.first?.batches })
        #expect(batches.map(\.codec) == [.gzip])
        let page = try await harness.send(.get, "/v1/topics/orders/records").json()
        #expect(page["records"]?[0]?["value"]?["a"] == .string(text))
    }

    @Test func aChangeLeavesWhatItDoesNotName() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        let grown = await harness.send(.patch, "/v1/topics/orders", "{\"partitions\":3,\"retentionBytes\":9}")
        #expect(grown.status == 200)
        #expect(try grown.json()["offsets"]?.array.count == 3)
        let changed = try await harness.send(.patch, "/v1/topics/orders", "{\"onCorruption\":\"skip\"}").json()
        #expect(changed["retentionBytes"] == .integer(9))
        #expect(changed["partitions"] == .integer(3))
        #expect(
            try await harness.send(.patch, "/v1/topics/orders", "{\"retentionBytes\":null}").json()["retentionBytes"]
                == .null
        )
        let shrunk = await harness.send(.patch, "/v1/topics/orders", "{\"partitions\":1}")
        #expect(shrunk.status == 409)
        #expect(shrunk.code == "conflict")
        #expect(await harness.send(.patch, "/v1/topics/orders", "{\"partitions\":10001}").status == 400)
        #expect(await harness.send(.patch, "/v1/topics/other", "{}").status == 404)
    }

    @Test func recordsBelowAnOffsetAreDeleted() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        await harness.produce("orders", "{\"value\":1},{\"value\":2},{\"value\":3}")
        let path = "/v1/topics/orders/partitions/0/records"
        let answer = await harness.send(.delete, path + "?before=2")
        #expect(answer.status == 200)
        #expect(try answer.json()["logStartOffset"] == .integer(2))
        #expect(try await harness.send(.delete, path + "?before=1").json()["logStartOffset"] == .integer(2))
        let beyond = await harness.send(.delete, path + "?before=4")
        #expect(beyond.status == 416)
        #expect(beyond.code == "offset-beyond-tail")
        #expect(await harness.send(.delete, path).detail.contains("before= is missing"))
        #expect(await harness.send(.delete, path + "?before=-1").status == 400)
        #expect(await harness.send(.delete, path + "?before=x").status == 400)
        #expect(await harness.send(.delete, "/v1/topics/orders/partitions/7/records?before=0").status == 404)
        #expect(await harness.send(.delete, "/v1/topics/other/partitions/0/records?before=0").status == 404)
    }

    @Test func topicsAreListedByNamespace() async throws {
        let harness = Harness()
        try await harness.topic("b")
        try await harness.topic("a")
        #expect(await harness.send(.put, "/v1/namespaces/team/topics/c").status == 201)
        let list = try await harness.send(.get, "/v1/topics").json()
        #expect(list["topics"]?.array.map { $0["topic"] } == [.string("a"), .string("b")])
        let other = try await harness.send(.get, "/v1/namespaces/team/topics").json()
        #expect(other["topics"]?.array.map { $0["topic"] } == [.string("c")])
    }

    @Test func aDeletedTopicIsGone() async throws {
        let harness = Harness()
        try await harness.topic("orders")
        #expect(await harness.send(.delete, "/v1/topics/orders").status == 204)
        for answer in [
            await harness.send(.delete, "/v1/topics/orders"), await harness.send(.get, "/v1/topics/orders"),
            await harness.send(.get, "/v1/topics/orders/partitions"),
            await harness.send(.get, "/v1/topics/orders/records"),
        ] {
            #expect(answer.status == 404)
            #expect(answer.code == "topic-not-found")
            #expect(answer.detail.contains("PUT /v1/topics/orders {\"partitions\":1}"))
        }
    }

    @Test func partitionsTellTheirOffsets() async throws {
        let harness = Harness()
        try await harness.topic("orders", partitions: 2)
        await harness.produce("orders", "{\"value\":1,\"partition\":1},{\"value\":2,\"partition\":1}")
        let answer = try await harness.send(.get, "/v1/topics/orders/partitions").json()
        #expect(answer["partitions"]?[0]?["visibleOffset"] == .integer(0))
        #expect(answer["partitions"]?[1]?["visibleOffset"] == .integer(2))
        #expect(answer["partitions"]?[1]?["logStartOffset"] == .integer(0))
    }
}
