import RecordFormat
import Testing

@testable import GroupCoordination

/// The end of groups: by request, and of ephemeral ones by themselves.
@Suite struct EndTests {
    @Test func groupWithMembersIsDeletedOnlyByForce() {
        var harness = GroupHarness()
        #expect(harness.delete()?.refusal == .unknownGroup(GroupHarness.group))
        harness.join("a")
        harness.join("s", instance: "pod")
        harness.advance(100)
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 5)
        harness.disconnect("s")
        _ = harness.heard("a")
        #expect(harness.delete()?.refusal == .hasMembers(GroupHarness.group, count: 2))
        #expect(harness.delete(isForced: true) == .deleted)
        #expect(harness.heard("a") == [.goodbye(.groupDeleted, reconnect: false)])
        #expect(harness.description == nil)
        harness.advance(20_000)
        #expect(harness.shard.nextDeadline() == nil)
        #expect(compacted(harness.log).isEmpty)
        #expect(harness.commit("a", 0, 6, epoch: 1) == nil)
        harness.crash()
        #expect(harness.description == nil)
    }

    @Test func groupWithoutMembersIsDeletedAndCanBeMadeAgain() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 5)
        harness.leave("a")
        #expect(harness.delete() == .deleted)
        #expect(compacted(harness.log).isEmpty)
        harness.join("b")
        #expect(harness.heard("b").map(\.assigned) == [[0: 0, 1: 0, 2: 0, 3: 0]])
    }

    @Test func deletionTakesKeptCommitsAndWaitingResetsAlong() {
        var harness = GroupHarness()
        let invoices = GroupTopicDescription(
            name: topicName("invoices"),
            id: TopicID(high: 2, low: 2),
            partitionCount: 2
        )
        harness.join("a")
        harness.configure(.change) { $0.topics = [invoices] }
        harness.leave("a")
        harness.start = nil
        harness.reset(to: .earliest)
        harness.delete()
        #expect(harness.outcome.replies.contains { $0.body == .refused(.unknownGroup(GroupHarness.group)) })
        #expect(compacted(harness.log).isEmpty)
    }

    @Test func ephemeralGroupEndsWhenNobodyCameForItsTimeToLive() {
        var harness = GroupHarness()
        harness.configure(.create) { $0.timeToLive = .milliseconds(30_000) }
        harness.advance(29_000)
        harness.join("a")
        harness.advance(100_000)
        #expect(harness.description != nil)
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 10)
        harness.disconnect("a")
        // A session that lives is a member.
        harness.advance(10_000)
        #expect(harness.description?.members.isEmpty == true)
        harness.advance(29_999)
        #expect(harness.description != nil)
        harness.advance(1)
        #expect(harness.description == nil)
        #expect(compacted(harness.log).isEmpty)
        #expect(harness.shard.nextDeadline() == nil)
    }

    @Test func restartsDoNotProlongAnEphemeralGroupsLife() {
        var harness = GroupHarness()
        harness.join("a")
        harness.configure(.change) { $0.timeToLive = .milliseconds(30_000) }
        harness.leave("a")
        for _ in 0..<2 { harness.crash(after: 11_000) }
        #expect(harness.description != nil)
        harness.advance(7_999)
        #expect(harness.description != nil)
        harness.advance(1)
        #expect(harness.description == nil)
    }

    @Test func timeToLiveCanBeTakenBack() {
        var harness = GroupHarness()
        harness.configure(.create) { $0.timeToLive = .milliseconds(30_000) }
        harness.configure(.change) { $0.timeToLive = .unlimited }
        harness.advance(1_000_000)
        #expect(harness.description != nil)
        #expect(harness.shard.nextDeadline() == nil)
        harness.configure(.change) { $0.timeToLive = .milliseconds(30_000) }
        harness.advance(1)
        #expect(harness.description == nil)
    }
}
