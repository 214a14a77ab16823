import MillraceClient
import Synchronization
import Testing

/// An explicit member: it asks, and is told in the answers.
@Suite(.timeLimit(.minutes(1))) struct GroupPollingTests {
    private let options = GroupJoinOptions(group: "g", topics: ["a"], maxInFlight: 50)

    private static let joined = MemberServer.json(
        #"{"member":"m_1","session":"s1","groupEpoch":1,"sessionTimeoutMs":600}"#,
        status: "201 Created"
    )

    private static func answer(_ events: String = "", records: [Int] = []) -> String {
        let lines = records.map {
            #"{"topic":"a","partition":0,"offset":\#($0),"timestamp":"t","key":"k,]}","value":{"n":[\#($0)]}}"#
        }
        return MemberServer.json(
            #"{"groupEpoch":2,"partitions":[\#(owned)],"events":[\#(events)],"records":[\#(lines.joined(separator: ", "))]}"#
        )
    }

    private static let owned = #"{"topic":"a","partition":0,"epoch":4,"start":0}"#
    private static let assigned = #"{"type":"assigned","groupEpoch":2,"partitions":[\#(owned)]}"#
    private static let end = #"{"type":"goodbye","reason":"group-deleted","reconnect":false}"#

    /// Answers joins and polls with a script each; commits and leaving as usual.
    private static func script(joins: [String?], polls: [String?]) -> MemberServer.Answer {
        let script = Script(joins: joins, polls: polls)
        return { request, number in
            if request.line.contains("/members ") { return script.join() }
            if request.line.contains("/records?") { return script.poll() }
            return MemberServer.usual(request, number)
        }
    }

    private func words(_ client: MillraceClient) async throws -> [String] {
        var words: [String] = []
        for try await event in client.pollGroup(options) {
            switch event {
            case .joined(let membership): words.append("joined \(membership.session)")
            case .assigned(_, let partitions): words.append("assigned \(partitions.map { $0.epoch ?? -1 })")
            case .record(let record): words.append("record \(record.offset) \(record.valueText ?? "-")")
            case .goodbye(let goodbye): words.append("goodbye \(goodbye.reason)")
            case .disconnected: words.append("disconnected")
            default: words.append("other")
            }
        }
        return words
    }

    @Test func answersBecomeEvents() async throws {
        let polls = [Self.answer(Self.assigned, records: [0, 1]), Self.answer(), Self.answer(Self.end)]
        try await MemberServer.run(answering: Self.script(joins: [Self.joined], polls: polls)) { client, server in
            let told = try await words(client)
            #expect(
                told == [
                    "joined s1", "assigned [4]", #"record 0 {"n":[0]}"#, #"record 1 {"n":[1]}"#,
                    "goodbye group-deleted",
                ]
            )
            let requests = await server.requests
            #expect(requests[0].line.hasPrefix("POST /v1/groups/g/members "))
            #expect(requests[0].body.contains(#""topics":["a"]"#) && requests[0].body.contains(#""maxInFlight":50"#))
            #expect(requests[1].line.hasPrefix("GET /v1/groups/g/members/m_1/records?wait=200ms "))
        }
    }

    @Test func aLostAnswerComesBackWithTheSessionSoThatItsRecordsComeAgain() async throws {
        let polls = [
            Self.answer(Self.assigned, records: [0]), nil, Self.answer(Self.assigned, records: [0, 1]),
            Self.answer(Self.end),
        ]
        let script = Self.script(joins: [Self.joined, Self.joined], polls: polls)
        try await MemberServer.run(answering: script) { client, server in
            let told = try await words(client)
            #expect(
                told.filter { !$0.hasPrefix("record") } == [
                    "joined s1", "assigned [4]", "disconnected", "joined s1", "assigned [4]", "goodbye group-deleted",
                ]
            )
            #expect(told.count { $0.hasPrefix("record") } == 3)
            let joins = await server.requests.filter { $0.line.contains("/members ") }
            #expect(joins[1].body.contains(#""session":"s1""#) && !joins[1].body.contains("topics"))
        }
    }

    @Test func aMemberThatReadsNoFurtherSaysThatItLives() async throws {
        var settings = MemberSettings()
        settings.delivery = .longPoll
        settings.waitingRecordsMax = 1
        let polls = [Self.answer(Self.assigned, records: [0]), Self.answer(records: [1]), Self.answer(Self.end)]
        try await MemberServer.run(answering: Self.script(joins: [Self.joined], polls: polls)) { client, server in
            try await client.withGroupMember(options, settings) { member in
                try await server.request("POST /v1/groups/g/members/m_1/heartbeat", #""session":"s1""#)
                var records = member.records.makeAsyncIterator()
                let next4 = try await records.next()
                #expect(next4?.offset == 0)
                let next5 = try await records.next()
                #expect(next5?.offset == 1)
                let error = await #expect(throws: MillraceError.self) { try await records.next() }
                #expect(error == .ended(reason: "group-deleted"))
            }
        }
    }
}

/// Answers in their order; when there are none left, the connection breaks.
private final class Script: Sendable {
    private let left: Mutex<(joins: [String?], polls: [String?])>

    init(joins: [String?], polls: [String?]) { left = Mutex((joins, polls)) }

    func join() -> String? { left.withLock { $0.joins.isEmpty ? nil : $0.joins.removeFirst() } }
    func poll() -> String? { left.withLock { $0.polls.isEmpty ? nil : $0.polls.removeFirst() } }
}
