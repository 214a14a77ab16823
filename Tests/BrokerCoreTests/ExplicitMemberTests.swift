import BrokerTestSupport
import RecordFormat
import Testing

@testable import BrokerCore

/// Members that are there by their requests.
@Suite(.timeLimit(.minutes(1))) struct ExplicitMemberTests {
    /// One explicit member of a group of its own, and a topic with these values.
    private func alone(_ values: [String], maxInFlight: Int? = nil) async throws -> (
        TestBroker, TopicName, TestExplicitMember
    ) {
        let test = try await TestBroker.start()
        let topic = try await test.createTopic("orders")
        if !values.isEmpty { try await test.append(values, to: topic) }
        let member = try await TestExplicitMember.join(test, [topic], maxInFlight: maxInFlight)
        return (test, topic, member)
    }

    private func name(_ error: (any Error)?) -> String {
        String(describing: error).split { !$0.isLetter }.first {
            $0 != "Optional" && $0 != "BrokerCore" && $0 != "BrokerError"
        }
        .map(String.init) ?? ""
    }

    /// Waits until a poll sleeps at the topic's end.
    private func sleeping(_ test: TestBroker, _ topic: TopicName) async throws {
        let tail = try #require(test.broker.registry.find(topic)?.partitions.first?.tail)
        while tail.waiterCount == 0 {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    @Test func aMemberJoinsAsksCommitsAndLeaves() async throws {
        let (test, topic, member) = try await alone(["a", "b"])
        let page = try await member.poll()
        #expect(page.words == ["assigned 1"])
        #expect(try page.values() == ["a", "b"])
        #expect(page.partitions.map(\.start) == [Offset(2)])
        #expect(try await member.commit(page, 2) == [.committed])
        let standing = try await test.broker.heartbeat(member.identity)
        #expect(standing.partitions.map(\.partition) == [.of(topic, 0)])
        #expect(standing.sessionTimeoutMilliseconds == 10_000)
        let group = try test.broker.group(member.identity.group)
        #expect(group.members.map(\.presence) == [.heartbeats])

        try await test.broker.leave(member.identity)
        #expect(try test.broker.group(member.identity.group).members.isEmpty)
        try await test.flush()
        #expect(test.broker.explicitMembers.count == 0)
        let again = await #expect(throws: BrokerError.self) { try await test.broker.leave(member.identity) }
        #expect(name(again) == "sessionExpired")
        let late = await #expect(throws: BrokerError.self) { try await member.poll() }
        #expect(name(late) == "sessionExpired")
        #expect(test.broker.explicitMembers.count == 0)
        await test.process.stop()
    }

    @Test func aPollWaitsForRecords() async throws {
        let (test, topic, member) = try await alone([])
        _ = try await member.poll()
        async let page = member.poll(waitMilliseconds: 30_000)
        try await sleeping(test, topic)
        try await test.append(["a"], to: topic)
        let found = try await page
        #expect(try found.values() == ["a"])
        await test.process.stop()
    }

    @Test func aPollThatWaitsIsASignOfLifeAndItsEndIsNot() async throws {
        let (test, topic, member) = try await alone(["a"])
        _ = try await member.commit(try await member.poll(), 1)
        async let page = member.poll(waitMilliseconds: 30_000)
        try await sleeping(test, topic)
        try await member.wait(steps: 9, of: 3400)
        let empty = try await page
        #expect(empty.events.isEmpty && empty.records.isEmpty)
        #expect(member.isThere)

        // Another one gets what a silent member had.
        let other = try await TestMember.join(test, "billing", [topic])
        test.clock.advance(byMilliseconds: 10_000)
        try await test.settle([other])
        #expect(!member.isThere)
        #expect(Set(other.owned.keys) == [.of(topic, 0)])
        #expect(test.broker.explicitMembers.count == 0)
        let late = await #expect(throws: BrokerError.self) { try await member.poll() }
        #expect(name(late) == "sessionExpired")
        await test.process.stop()
    }

    @Test func whatALostAnswerHeldIsToldAgain() async throws {
        let (test, topic, member) = try await alone(["a", "b", "c"])
        let lost = try await member.poll(after: "")
        #expect(try lost.values() == ["a", "b", "c"])
        // The very first answer did not arrive.
        let first = try await member.poll(after: "")
        #expect(try first.values() == ["a", "b", "c"])
        #expect(try await member.commit(first, 2) == [.committed])
        try await test.append(["d"], to: topic)
        let second = try await member.poll(after: first.id)
        #expect(try second.values() == ["d"])
        // Nor did this one: all that is not committed comes again, under the same epoch.
        let third = try await member.poll(after: first.id)
        #expect(try third.values() == ["c", "d"])
        #expect(third.partitions == second.partitions)
        // This one did.
        let fourth = try await member.poll(after: third.id)
        #expect(try fourth.values().isEmpty)
        #expect(try await member.commit(third, 4) == [.committed])
        await test.process.stop()
    }

    @Test func whoComesBackIsGivenAgainWhatItDidNotCommit() async throws {
        let (test, topic, member) = try await alone(["a", "b"])
        _ = try await member.poll()
        let back = try await TestExplicitMember.join(test, [], resume: member.identity.member)
        #expect(back.identity == member.identity)
        #expect(try await back.poll().values() == ["a", "b"])
        #expect(try test.broker.group(member.identity.group).members.count == 1)
        // A restart forgets sessions, not members.
        let again = try await test.killed()
        let survivor = TestExplicitMember(test: again, identity: member.identity)
        let page = try await survivor.poll(after: "page of before")
        #expect(page.words == ["assigned 1"])
        #expect(try page.values() == ["a", "b"])
        #expect(try await survivor.commit(page, 2) == [.committed])
        #expect(try again.broker.group(member.identity.group).partitions[0].partition == .of(topic, 0))
        await again.process.stop()
    }

    @Test func aLaterPollTakesThePlaceOfOneThatWaits() async throws {
        let (test, topic, member) = try await alone([])
        _ = try await member.poll()
        let first = Task { try await member.poll(waitMilliseconds: 30_000) }
        try await sleeping(test, topic)
        let second = Task { try await member.poll(waitMilliseconds: 30_000) }
        let error = await #expect(throws: BrokerError.self) { try await first.value }
        #expect(name(error) == "pollSuperseded")
        try await sleeping(test, topic)
        try await test.append(["a"], to: topic)
        #expect(try await second.value.values() == ["a"])
        await test.process.stop()
    }

    @Test func aStreamAndPollsFenceEachOther() async throws {
        let (test, topic, member) = try await alone(["a"])
        _ = try await member.poll()
        let waiting = Task { try await member.poll(waitMilliseconds: 30_000) }
        try await sleeping(test, topic)
        let stream = try await TestMember.join(test, "billing", [], resume: member.identity.member)
        #expect(try await waiting.value.words == ["goodbye fenced false"])
        try await stream.takeAll()
        #expect(stream.values == ["a"])
        // A stray poll takes nothing from who streams.
        let error = await #expect(throws: BrokerError.self) { try await member.poll() }
        #expect(name(error) == "memberConnected")
        #expect(test.broker.explicitMembers.count == 0)
        let back = try await TestExplicitMember.join(test, [], resume: member.identity.member)
        try await stream.takeAll()
        #expect(stream.events.last == "goodbye fenced false")
        #expect(try await back.poll().values() == ["a"])
        await stream.session.close(.disconnected)
        #expect(back.isThere)
        await test.process.stop()
    }

    @Test func whoAsksAndNeverCommitsKeepsNothingFromOthers() async throws {
        let (test, topic, member) = try await alone(["a"])
        _ = try await member.poll()
        let other = try await TestMember.join(test, "billing", [topic])
        var words: [String] = []
        for _ in 0..<10 {
            test.clock.advance(byMilliseconds: 6_500)
            try await test.flush()
            words += try await member.poll().words
        }
        try await test.settle([other])
        #expect(words.contains("revoked commit-timeout"))
        #expect(other.values == ["a"])
        #expect(member.isThere)
        #expect(try test.broker.group(member.identity.group).members.contains { $0.isStalled })
        await test.process.stop()
    }

    @Test func whatIsInFlightIsBounded() async throws {
        let (test, _, member) = try await alone((0..<10).map { "\($0)" }, maxInFlight: 4)
        let page = try await member.poll(records: 3)
        #expect(try page.values() == ["0", "1", "2"])
        let next = try await member.poll()
        #expect(try next.values() == ["3"])
        #expect(next.words == ["paused 4"])
        _ = try await member.commit(next, 4)
        let more = try await member.poll()
        #expect(more.words == ["resumed", "paused 4"])
        #expect(try more.values() == ["4", "5", "6", "7"])
        await test.process.stop()
    }

    @Test func theEndOfTheGroupOrTheBrokerEndsAPoll() async throws {
        let (test, topic, member) = try await alone([])
        _ = try await member.poll()
        let waiting = Task { try await member.poll(waitMilliseconds: 30_000) }
        try await sleeping(test, topic)
        try await test.broker.deleteGroup(member.identity.group, isForced: true)
        let page = try await waiting.value
        #expect(page.words == ["goodbye group-deleted false"])
        #expect(page.partitions.isEmpty)
        let gone = await #expect(throws: BrokerError.self) { try await member.poll() }
        #expect(name(gone) == "groupNotFound")

        let other = try await TestExplicitMember.join(test, [topic])
        _ = try await other.poll()
        let last = Task { try await other.poll(waitMilliseconds: 30_000) }
        try await sleeping(test, topic)
        test.broker.drain()
        #expect(try await last.value.words == ["goodbye drain true"])
        let late = await #expect(throws: BrokerError.self) { try await other.poll() }
        #expect(name(late) == "draining")
        await test.process.stop()
    }

    @Test func strangersAreRefused() async throws {
        let (test, _, member) = try await alone([])
        let stranger = MemberIdentity(group: member.identity.group, member: "m_0", principal: .anonymous)
        let foreign = TestExplicitMember(test: test, identity: stranger)
        let poll = await #expect(throws: BrokerError.self) { try await foreign.poll() }
        #expect(name(poll) == "sessionExpired")
        let beat = await #expect(throws: BrokerError.self) { try await test.broker.heartbeat(stranger) }
        #expect(name(beat) == "sessionExpired")
        let nowhere = MemberIdentity(group: try GroupName(validating: "x"), member: "m_0", principal: .anonymous)
        let beyond = await #expect(throws: BrokerError.self) { try await test.broker.heartbeat(nowhere) }
        #expect(name(beyond) == "groupNotFound")
        #expect(test.broker.explicitMembers.count == 1)
        await test.process.stop()
    }
}
