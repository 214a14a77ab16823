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
        ("[]", "not a JSON object"), ("{\"partitions\":", "byte 14"), ("{} {}", "byte 3"),
    ])
    func settingsThatAreWrongAreRefused(body: String, reason: String) async {
        let harness = Harness()
        let answer = await harness.send(.put, "/v1/topics/orders", body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason))
        #expect(await harness.send(.get, "/v1/topics/orders").status == 404)
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
