import MillraceClient
import Testing

/// A member that loses its connection, its session, or its partition.
@Suite struct GroupStreamTests {
    private let options = GroupJoinOptions(group: "g", topics: ["a", "b"], instance: "pod-7")
    private let assigned =
        #"{"type":"assigned","groupEpoch":3,"partitions":[{"topic":"a","partition":1,"epoch":7,"start":9}]}"#
    private let record = #"{"type":"record","topic":"a","partition":1,"offset":9,"value":1}"#
    private let end = #"{"type":"goodbye","reason":"fenced","reconnect":false,"retryAfterMs":0}"#

    private func joined(_ session: String, _ lines: [String]) -> String {
        ScriptedServer.stream(
            lines,
            headers: ["Group-Member: m_\(session)", "Group-Epoch: 3", "Group-Session: \(session)"]
        )
    }

    /// The events in words.
    private func events(_ stream: GroupStream) async throws -> [String] {
        var events: [String] = []
        for try await event in stream { events.append(Self.word(event)) }
        return events
    }

    private static func word(_ event: GroupEvent) -> String {
        switch event {
        case .joined(let membership): "joined \(membership.session)"
        case .assigned(_, let partitions): "assigned \(partitions.map { $0.epoch ?? -1 })"
        case .record(let record): "record \(record.offset)"
        case .revoking(let partitions, let deadline): "revoking \(partitions.count) \(deadline)"
        case .revoked(let partitions): "revoked \(partitions.map { $0.committed ?? -1 })"
        case .paused(_, let uncommitted): "paused \(uncommitted)"
        case .goodbye(let goodbye): "goodbye \(goodbye.reason)"
        case .disconnected: "disconnected"
        case .leaseWarning(_, let remaining): "warning \(remaining)"
        case .resumed: "resumed"
        case .bookmark: "bookmark"
        case .gap: "gap"
        case .problem(let problem): "problem \(problem.code)"
        case .other(let type): "other \(type)"
        }
    }

    @Test func everyEventIsTold() async throws {
        let lines = [
            assigned, record, #"{"type":"paused","reason":"max-in-flight","uncommitted":1}"#, #"{"type":"resumed"}"#,
            #"{"type":"lease-warning","partitions":[{"topic":"a","partition":1}],"remainingMs":2000}"#,
            #"{"type":"revoking","partitions":[{"topic":"a","partition":1}],"deadlineMs":3000}"#,
            #"{"type":"revoked","partitions":[{"topic":"a","partition":1,"committed":10,"reason":"moved"}]}"#,
            #"{"type":"something-new"}"#, end,
        ]
        try await RequestTests.withClient([joined("s1", lines)]) { client, server in
            let expected = [
                "joined s1", "assigned [7]", "record 9", "paused 1", "resumed", "warning 2.0 seconds",
                "revoking 1 3.0 seconds", "revoked [10]", "other something-new", "goodbye fenced",
            ]
            let told = try await events(client.joinGroup(options))
            #expect(told == expected)
            let request = await server.requests[0]
            #expect(request.hasPrefix("GET /v1/groups/g/stream?topics=a%2Cb&instance=pod-7 "))
        }
    }

    @Test func aDropResumesTheSession() async throws {
        let answers = [joined("s1", [assigned, record]), joined("s1", [end])]
        try await RequestTests.withClient(answers) { client, server in
            let told = try await events(client.joinGroup(options))
            #expect(told == ["joined s1", "assigned [7]", "record 9", "disconnected", "joined s1", "goodbye fenced"])
            #expect(await server.requests[1].contains("&session=s1"))
        }
    }

    @Test func anExpiredSessionJoinsAnew() async throws {
        let expired = RequestTests.problem(status: "410 Gone", code: "session-expired", retryable: false)
        let answers = [joined("s1", [assigned]), expired, joined("s2", [end])]
        try await RequestTests.withClient(answers) { client, server in
            let told = try await events(client.joinGroup(options))
            let expected = [
                "joined s1", "assigned [7]", "disconnected", "disconnected", "joined s2", "goodbye fenced",
            ]
            #expect(told == expected)
            #expect(await !server.requests[2].contains("session="))
        }
    }

    @Test func commitsAreToldOneByOne() async throws {
        let answer = ScriptedServer.answer(
            "207 Multi-Status",
            #"{"results":[{"topic":"a","partition":1,"result":"committed"},{"topic":"a","partition":2,"result":"fenced"}]}"#
        )
        let fenced = RequestTests.problem(status: "409 Conflict", code: "fenced", retryable: false)
        try await RequestTests.withClient([joined("s1", [end]), answer, fenced]) { client, server in
            var membership: GroupMembership?
            for try await event in client.joinGroup(options) {
                if case .joined(let joined) = event { membership = joined }
            }
            let member = try #require(membership)
            let offsets = [1, 2].map { CommitOffset(topic: "a", partition: $0, offset: 10, epoch: 7) }
            let results = try await client.commit(member, offsets: offsets)
            #expect(results.map(\.isInForce) == [true, false])
            #expect(await server.requests[1].contains(#""session":"s1""#))
            let refused = try await client.commit(member, offsets: [offsets[0]])
            #expect(refused.map(\.result) == ["fenced"])
        }
    }
}
