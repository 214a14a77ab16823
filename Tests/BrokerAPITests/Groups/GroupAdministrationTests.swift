import BrokerCore
import RecordFormat
import Testing

@Suite struct GroupAdministrationTests {
    private let path = "/v1/groups/billing"

    private func harness() -> Harness {
        let harness = Harness()
        let report = GroupReport(
            summary: GroupSummary(
                name: GroupName(internal: "billing"),
                topics: [TopicName(internal: "orders")],
                memberCount: 0,
                groupEpoch: 1
            ),
            settings: GroupSettings(
                start: .earliest,
                commitTimeoutMilliseconds: 5000,
                sessionTimeoutMilliseconds: 10_000,
                membersMax: 3,
                timeToLiveMilliseconds: 60_000
            ),
            emptySince: .epoch,
            members: [],
            partitions: []
        )
        harness.engine.set { $0.report = report }
        return harness
    }

    @Test func aGroupIsMadeOnceAndThenUnchanged() async throws {
        let harness = harness()
        harness.engine.set { $0.isGroupNew = true }
        let body = """
            {"topics":["orders","payments"],"from":"2026-11-21T08:00:00Z","commitTimeoutMs":5000,"sessionTimeoutMs":20000,
             "membersMax":3,"timeToLiveMs":60000}
            """
        let created = await harness.send(.put, path, body)
        #expect(created.status == 201)
        #expect(try created.json()["timeToLiveMs"] == .integer(60_000))
        #expect(try created.json()["emptySince"] == .string("1970-01-01T00:00:00.000Z"))
        let change = try #require(harness.engine.state.withLock { $0.groupChanges.first })
        #expect(change.topics?.map(\.name) == ["orders", "payments"])
        #expect(change.start?.text == "2026-11-21T08:00:00.000Z")
        #expect(change.commitTimeoutMilliseconds == 5000)
        #expect(change.sessionTimeoutMilliseconds == 20_000)
        #expect(change.membersMax == 3)
        #expect(change.timeToLive == .milliseconds(60_000))
        harness.engine.set { $0.isGroupNew = false }
        #expect(await harness.send(.put, path).status == 200)
    }

    @Test func whatIsNotNamedIsNotAskedFor() async throws {
        let harness = harness()
        #expect(await harness.send(.patch, path, "{}").status == 200)
        #expect(await harness.send(.patch, path, "{\"timeToLiveMs\":null,\"forgetDroppedTopics\":true}").status == 200)
        let changes = harness.engine.state.withLock { $0.groupChanges }
        var second = GroupSettingsChange()
        second.timeToLive = .unlimited
        second.forgetsDroppedTopics = true
        #expect(changes == [GroupSettingsChange(), second])
    }

    @Test(arguments: [
        ("{\"topics\":\"orders\"}", "topics is not an array"),
        ("{\"topics\":[1]}", "topics is not an array of strings"),
        ("{\"topics\":[\"a\",\"a\"]}", "given twice"), ("{\"topics\":[\"..\"]}", "directory"),
        ("{\"from\":\"-5\"}", "from is earliest, latest or a time"), ("{\"from\":7}", "from is not a string"),
        ("{\"commitTimeout\":\"60s\"}", "known are topics, from, commitTimeoutMs"),
        ("{\"commitTimeoutMs\":\"60s\"}", "not a whole number"), ("{\"forgetDroppedTopics\":true}", "unknown"),
        ("[]", "not a JSON object"), ("{", "byte 1"),
    ])
    func wrongSettingsAreRefused(body: String, reason: String) async {
        let harness = harness()
        let answer = await harness.send(.put, path, body)
        #expect(answer.status == 400)
        #expect(answer.detail.contains(reason), "\(answer.detail)")
        #expect(harness.engine.state.withLock { $0.groupChanges.isEmpty })
    }

    @Test func refusalsOfTheEngineHaveTheirCodes() async throws {
        let harness = harness()
        let group = GroupName(internal: "billing")
        harness.engine.set { $0.groupError = .groupDiffers(group, details: "membersMax is 3") }
        let differs = await harness.send(.put, path, "{\"membersMax\":4}")
        #expect(differs.status == 409)
        #expect(differs.code == "conflict")
        #expect(try differs.json()["differs"] == .string("membersMax is 3"))
        harness.engine.set { $0.groupError = .groupHasMembers(group, count: 2) }
        let members = await harness.send(.delete, path)
        #expect(members.status == 409)
        #expect(members.code == "group-has-members")
        #expect(try members.json()["members"] == .integer(2))
        harness.engine.set { $0.groupError = .tooManyKeptTopics(group, max: 64) }
        let kept = await harness.send(.patch, path, "{\"topics\":[\"orders\"]}")
        #expect(kept.status == 409)
        #expect(kept.code == "too-many-kept-topics")
    }

    @Test func aDeletionSaysWhetherItIsForced() async {
        let harness = harness()
        #expect(await harness.send(.delete, path).status == 204)
        #expect(await harness.send(.delete, "\(path)?force=true").status == 204)
        #expect(await harness.send(.delete, "\(path)?force=perhaps").status == 400)
        #expect(harness.engine.state.withLock { $0.groupDeletions } == [false, true])
        harness.engine.set { $0.phase = .draining }
        #expect(await harness.send(.delete, path).status == 503)
    }
}
