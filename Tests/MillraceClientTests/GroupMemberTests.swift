import MillraceClient
import Synchronization
import Testing

/// A member over real sockets: what it is told, what it commits, how it comes back and leaves.
@Suite(.timeLimit(.minutes(1))) struct GroupMemberTests {
    private let options = GroupJoinOptions(group: "g", topics: ["a"])

    private static func assigned(_ partitions: Int...) -> String {
        let owned = partitions.map { #"{"topic":"a","partition":\#($0),"epoch":7,"start":0}"# }
        return #"{"type":"assigned","groupEpoch":3,"partitions":[\#(owned.joined(separator: ","))]}"#
    }

    private static func record(_ partition: Int, _ offset: Int) -> String {
        #"{"type":"record","topic":"a","partition":\#(partition),"offset":\#(offset),"value":\#(offset)}"#
    }

    private static func event(_ type: String, _ partition: Int, _ more: String = "") -> String {
        #"{"type":"\#(type)","partitions":[{"topic":"a","partition":\#(partition)}]\#(more)}"#
    }

    private static let goodbye = #"{"type":"goodbye","reason":"fenced","reconnect":false}"#

    @Test func whatIsProcessedIsCommittedBeforeItLeaves() async throws {
        try await MemberServer.run { client, server in
            var settings = MemberSettings()
            settings.commitInterval = .seconds(3600)
            try await client.withGroupMember(options, settings) { member in
                let stream = try await server.stream(0)
                for line in [Self.assigned(1), Self.record(1, 0), Self.record(1, 1)] { stream.yield(line) }
                var values: [Int] = []
                for try await record in member.records {
                    values.append(try record.value())
                    if record.offset == 1 { member.stop() }
                    if record.offset == 0 { member.processed(record) }
                }
                #expect(values == [0, 1])
            }
            let commit = try await server.request("/commits", #""offset":1"#)
            #expect(commit.body.contains(#""epoch":7"#) && commit.body.contains(#""session":"s1""#))
            let lines = await server.requests.map(\.line)
            #expect(
                lines.last?.hasPrefix("DELETE /v1/groups/g/members/m_1?session=s1 ") == true,
                "it leaves, and last of all"
            )
        }
    }

    @Test func aDropIsResumedAndNothingIsHandedOutTwice() async throws {
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options) { member in
                let states = member.connectionStates()
                let first = try await server.stream(0)
                for line in [Self.assigned(1), Self.record(1, 0)] { first.yield(line) }
                var records = member.records.makeAsyncIterator()
                let next1 = try await records.next()
                #expect(next1?.offset == 0)
                first.yield(nil)
                let second = try await server.stream(1)
                for line in [Self.assigned(1), Self.record(1, 0), Self.record(1, 1)] { second.yield(line) }
                let next2 = try await records.next()
                #expect(next2?.offset == 1)
                #expect(await server.streams[1].contains("&session=s1"))
                var words: [String] = []
                for await state in states {
                    words.append(Self.word(state))
                    if words.filter({ $0 == "connected" }).count == 2 { break }
                }
                #expect(words.suffix(3) == ["connected", "reconnecting", "connected"])
                #expect(member.membership?.member == "m_1" && member.assignment.map(\.partition) == [1])
            }
        }
    }

    private static func word(_ state: ConnectionState) -> String {
        switch state {
        case .connecting: "connecting"
        case .connected: "connected"
        case .reconnecting: "reconnecting"
        case .ended: "ended"
        }
    }

    @Test func theEndOfTheMembershipIsThrownWithItsReason() async throws {
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options) { member in
                try await server.stream(0).yield(Self.goodbye)
                let error = await #expect(throws: MillraceError.self) { for try await _ in member.records {} }
                #expect(error == .ended(reason: "fenced"))
                #expect(member.connection == .ended(.ended(reason: "fenced")))
            }
        }
    }

    @Test func callbacksTellOfPartitionsAndARevokedOneIsGivenBack() async throws {
        let told = Mutex<[String]>([])
        var settings = MemberSettings()
        settings.callbacks.assigned = { gained in told.withLock { $0.append("assigned \(gained.map(\.partition))") } }
        let (revoked, revocation) = AsyncStream.makeStream(of: Void.self)
        settings.callbacks.revoking = { lost, deadline in
            told.withLock { $0.append("revoking \(lost.map(\.partition)) \(deadline)") }
            revocation.finish()
        }
        settings.callbacks.revoked = { lost in told.withLock { $0.append("revoked \(lost.map(\.partition))") } }
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options, settings) { member in
                let stream = try await server.stream(0)
                let lines = [Self.assigned(1), Self.record(1, 0), Self.record(1, 1), Self.assigned(1, 2)]
                for line in lines { stream.yield(line) }
                var records = member.records.makeAsyncIterator()
                let record = try #require(try await records.next())
                stream.yield(Self.event("revoking", 1, #","deadlineMs":5000"#))
                stream.yield(Self.record(2, 0))
                for await _ in revoked {}
                let next3 = try await records.next()
                #expect(next3?.partition == 2, "the second record of partition 1 is not handed out")
                #expect(!member.isCurrent(record))
                member.processed(record)
                try await server.request("/commits", #""release":[{"#, #""partition":1"#)
                stream.yield(Self.event("revoked", 1))
                stream.yield(Self.goodbye)
                await #expect(throws: MillraceError.self) { try await records.next() }
            }
        }
        #expect(
            told.withLock { $0 } == ["assigned [1]", "assigned [2]", "revoking [1] 5.0 seconds", "revoked [1]"]
        )
    }

    @Test func aRefusedCommitIsAnError() async throws {
        let fenced = #"{"results":[{"topic":"a","partition":1,"result":"fenced"}]}"#
        try await MemberServer.run { request, number in
            request.line.contains("/commits")
                ? MemberServer.json(fenced, status: "207 Multi-Status") : MemberServer.usual(request, number)
        } _: { client, server in
            try await client.withGroupMember(options) { member in
                let stream = try await server.stream(0)
                for line in [Self.assigned(1), Self.record(1, 0)] { stream.yield(line) }
                var records = member.records.makeAsyncIterator()
                let record = try #require(try await records.next())
                let error = await #expect(throws: MillraceError.self) { try await member.commit(record) }
                #expect(error?.problem?.code == "fenced")
                #expect(member.assignment.isEmpty)
            }
        }
    }

    @Test func partitionsAreProcessedSideBySideAndEachInItsOrder() async throws {
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options) { member in
                let stream = try await server.stream(0)
                stream.yield(Self.assigned(0, 1))
                for offset in 0..<3 { for partition in 0..<2 { stream.yield(Self.record(partition, offset)) } }
                let rendezvous = Rendezvous(of: 2)
                let log = Mutex<[Int32: [Int64]]>([:])
                try await member.process(parallel: 4) { records in
                    // Both partitions are here at once: a single lane would wait for ever.
                    await rendezvous.meet()
                    let count = log.withLock { log in
                        log[records[0].partition, default: []].append(records[0].offset)
                        return log.values.reduce(0) { $0 + $1.count }
                    }
                    if count == 6 { member.stop() }
                }
                #expect(log.withLock { $0 } == [0: [0, 1, 2], 1: [0, 1, 2]])
            }
            for partition in 0..<2 {
                try await server.request("/commits", "\"offset\":3", "\"partition\":\(partition)")
            }
        }
    }

    @Test func anErrorEndsTheProcessingAndCommitsWhatWasDone() async throws {
        struct Failure: Error {}
        try await MemberServer.run { client, server in
            await #expect(throws: Failure.self) {
                try await client.withGroupMember(options) { member in
                    let stream = try await server.stream(0)
                    for line in [Self.assigned(0), Self.record(0, 0), Self.record(0, 1)] { stream.yield(line) }
                    try await member.process { records in if records[0].offset == 1 { throw Failure() } }
                }
            }
            let commits = await server.requests.filter { $0.body.contains(#""offset":"#) }
            #expect(!commits.isEmpty && commits.allSatisfy { $0.body.contains(#""offset":1"#) })
        }
    }

    @Test func whatIsNotProcessedIsGivenBackAndNotCommitted() async throws {
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options) { member in
                let stream = try await server.stream(0)
                for line in [Self.assigned(0), Self.record(0, 0)] { stream.yield(line) }
                let processing = Task { try await member.process { _ in throw GroupMember.NotProcessed() } }
                try await server.request("/commits", #""release":[{"#, #""partition":0"#)
                member.stop()
                try await processing.value
            }
            #expect(await !server.requests.contains { $0.body.contains(#""offset":"#) })
        }
    }

    @Test func theLeaseOfASlowCallIsRenewedWhenTheBrokerWarns() async throws {
        try await MemberServer.run { client, server in
            try await client.withGroupMember(options) { member in
                let stream = try await server.stream(0)
                for line in [Self.assigned(0), Self.record(0, 0)] { stream.yield(line) }
                try await member.process { _ in
                    stream.yield(Self.event("lease-warning", 0, #","remainingMs":500"#))
                    try await server.request("/commits", #""progress":[{"#, #""partition":0"#)
                    member.stop()
                }
            }
        }
    }
}

/// Lets tasks go on when so many have come.
private actor Rendezvous {
    private let count: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of count: Int) { self.count = count }

    func meet() async {
        guard waiting.count + 1 < count else {
            for continuation in waiting { continuation.resume() }
            waiting = []
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }
}
