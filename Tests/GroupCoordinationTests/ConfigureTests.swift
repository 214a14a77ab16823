import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct ConfigureTests {
    private static let invoices = GroupTopicDescription(
        name: topicName("invoices"),
        id: TopicID(high: 2, low: 2),
        partitionCount: 2
    )

    // MARK: Refusals

    @Test func boundsAreRefusedEachWithItsOwnError() {
        var configuration = GroupConfiguration.withoutFirstDebounce
        configuration.membersPerGroupMax = 5
        configuration.groupsPerShardMax = 1
        var harness = GroupHarness(configuration: configuration)
        func refusal(_ change: (inout GroupConfigure) -> Void) -> GroupRefusal? {
            harness.configure(.create, change)?.refusal
        }
        #expect(refusal { $0.topics = [] } == .noTopics(GroupHarness.group))
        #expect(refusal { $0.topics = nil } == .noTopics(GroupHarness.group))
        #expect(refusal { $0.topics = ($0.topics ?? []) + ($0.topics ?? []) } == .repeatedTopic(GroupHarness.group))
        #expect(refusal { $0.commitTimeoutMilliseconds = 999 } == .commitTimeoutOutOfRange(1_000...900_000))
        #expect(refusal { $0.sessionTimeoutMilliseconds = 300_001 } == .sessionTimeoutOutOfRange(1_000...300_000))
        #expect(refusal { $0.timeToLive = .milliseconds(0) } == .timeToLiveOutOfRange(1_000...31_536_000_000))
        #expect(refusal { $0.membersMax = 6 } == .membersMaxOutOfRange(1...5))
        #expect(refusal { $0.mode = .change } == .unknownGroup(GroupHarness.group))
        #expect(harness.log.isEmpty)
        harness.configure(.create)
        #expect(refusal { $0.group = groupName("other") } == .tooManyGroups(max: 1))
    }

    @Test func everyRefusalSaysWhatToDo() {
        let settings = GroupSettings(
            topics: [],
            start: .earliest,
            commitTimeoutMilliseconds: 1,
            sessionTimeoutMilliseconds: 1,
            membersMax: 1
        )
        let refusals: [GroupRefusal] = [
            .sessionTimeoutOutOfRange(1...2), .timeToLiveOutOfRange(1...2), .membersMaxOutOfRange(1...2),
            .differs(GroupHarness.group, current: settings, fields: ["start"]),
            .hasMembers(GroupHarness.group, count: 3), .notRead(GroupHarness.group, GroupHarness.partition(9)),
            .tooManyKeptTopics(max: 4), .tooManyResets(max: 5),
        ]
        #expect(Set(refusals.map(\.description)).count == refusals.count)
        #expect(refusals[3].description == "group billing exists with other values of start; change it with PATCH")
    }

    // MARK: Creation

    @Test func groupIsMadeWithoutMembersAndItsStartsAreResolvedThen() {
        var harness = GroupHarness()
        harness.start = Offset(7)
        let group = harness.configure(.create) {
            $0.start = .latest
            $0.commitTimeoutMilliseconds = 5_000
            $0.sessionTimeoutMilliseconds = 20_000
            $0.membersMax = 2
        }?.configured
        #expect(group?.change == .created)
        #expect(group?.settings.topics == [GroupHarness.orders])
        #expect(harness.committed(0) == 7)
        #expect(harness.description?.emptySince == harness.now.wall)
        harness.start = Offset(99)
        guard case .joined(let joined) = harness.join("a", start: .earliest) else {
            return #expect(Bool(false), "refused")
        }
        #expect(joined.commitTimeoutMilliseconds == 5_000)
        #expect(joined.sessionTimeoutMilliseconds == 20_000)
        #expect(harness.heard("a").map(\.assigned) == [[0: 7, 1: 7, 2: 7, 3: 7]])
        #expect(harness.description?.emptySince == nil)
        harness.join("b")
        #expect(harness.join("c")?.refusal == .tooManyMembers(max: 2))
        harness.crash()
        #expect(harness.description?.settings.membersMax == 2)
        #expect(harness.description?.settings.sessionTimeoutMilliseconds == 20_000)
        #expect(harness.logTellsState)
    }

    @Test func sameCreationTwiceIsUnchangedAndAnotherOneDiffers() {
        var harness = GroupHarness()
        harness.configure(.create) { $0.commitTimeoutMilliseconds = 5_000 }
        let records = harness.log.count
        #expect(harness.configure(.create)?.configured?.change == .unchanged)
        let refusal = harness.configure(.create) {
            $0.commitTimeoutMilliseconds = 6_000
            $0.topics = [Self.invoices]
        }?.refusal
        guard case .differs(_, let current, let fields) = refusal else { return #expect(Bool(false), "accepted") }
        #expect(fields == ["topics", "commitTimeoutMilliseconds"])
        #expect(current.commitTimeoutMilliseconds == 5_000)
        #expect(harness.log.count == records)
    }

    @Test func joinerWithoutTopicsReadsWhatTheGroupReads() {
        var harness = GroupHarness()
        let topics = harness.topics
        harness.topics = []
        #expect(harness.join("a")?.refusal == .noTopics(GroupHarness.group))
        harness.configure(.create) { $0.topics = topics }
        harness.join("a")
        #expect(harness.deliverable("a") == [0, 1, 2, 3])
    }

    // MARK: Changes

    @Test func timeoutsChangeForAllAtOnce() {
        var harness = GroupHarness()
        harness.join("a")
        harness.deliver("a", 0, to: 10)
        harness.advance(5_000)
        #expect(harness.configure(.change) { $0.commitTimeoutMilliseconds = 6_000 }?.configured?.change == .changed)
        #expect(harness.configure(.change) { $0.commitTimeoutMilliseconds = 6_000 }?.configured?.change == .unchanged)
        let epoch = harness.epoch(0)
        harness.advance(5_999)
        #expect(harness.epoch(0) == epoch)
        harness.advance(1)
        #expect(harness.epoch(0) > epoch)
        harness.configure(.change) { $0.sessionTimeoutMilliseconds = 2_000 }
        harness.disconnect("a")
        harness.advance(2_000)
        #expect(harness.description?.members.isEmpty == true)
        #expect(harness.logTellsState)
    }

    @Test func addedTopicBeginsWhereTheGroupBegins() {
        var harness = GroupHarness()
        harness.join("a", start: .latest)
        _ = harness.heard("a")
        harness.start = Offset(30)
        let list = harness.topics + [Self.invoices]
        #expect(harness.configure(.change) { $0.topics = list }?.configured?.settings.topics.count == 2)
        #expect(harness.heard("a").map(\.assigned) == [[0: 30, 1: 30]])
        #expect(harness.join("b")?.refusal != nil)
        harness.topics = list
        harness.join("b")
        #expect(harness.logTellsState)
        harness.crash()
        #expect(harness.description?.partitions.count == 6)
    }

    @Test func droppedTopicIsRevokedAndItsCommitsWaitForItsReturn() {
        var harness = GroupHarness()
        let list = harness.topics
        harness.topics.append(Self.invoices)
        harness.join("a")
        harness.deliver("a", 0, to: 10)
        harness.commit("a", 0, 8)
        let epoch = harness.epoch(0)
        _ = harness.heard("a")
        harness.configure(.change) { $0.topics = [Self.invoices] }
        let lost = harness.heard("a").compactMap(\.revoked)
        #expect(lost == [Dictionary(uniqueKeysWithValues: (0..<4).map { ($0, .topicDropped) })])
        #expect(harness.description?.partitions.count == 2)
        #expect(harness.description?.keptTopics == [GroupHarness.orders])
        #expect(harness.commit("a", 0, 9, epoch: epoch) == .unknownPartition)
        #expect(harness.logTellsState)
        harness.crash()
        harness.reconnect("a")
        _ = harness.heard("a")
        // It comes back at its commits, under new epochs; a partition added meanwhile begins at 0.
        let grown = GroupTopicDescription(name: list[0].name, id: list[0].id, partitionCount: 5)
        harness.configure(.change) { $0.topics = [Self.invoices, grown] }
        harness.advance(100)
        #expect(harness.heard("a").compactMap(\.assigned) == [[0: 8, 1: 0, 2: 0, 3: 0, 4: 0]])
        #expect(harness.epoch(0) > epoch)
        #expect(harness.description?.keptTopics.isEmpty == true)
        #expect(harness.logTellsState)
    }

    @Test func keptCommitsEndWithTheirTopicByRequestAndWithANewIdentity() {
        for ending in 0..<4 {
            var harness = GroupHarness()
            let list = harness.topics
            harness.topics.append(Self.invoices)
            harness.join("a")
            harness.deliver("a", 0, to: 10)
            harness.commit("a", 0, 8)
            harness.configure(.change) { $0.topics = [Self.invoices] }
            let again = GroupTopicDescription(name: list[0].name, id: TopicID(high: 7, low: 7), partitionCount: 4)
            switch ending {
            case 0: harness.apply(.topicDeleted(list[0].name, list[0].id))
            case 1:
                harness.configure(.change) {
                    $0.topics = [Self.invoices]
                    $0.forgetsDroppedTopics = true
                }
            case 2: harness.configure(.change) { $0.forgetsDroppedTopics = true }
            default: harness.apply(.topicChanged(again))
            }
            #expect(harness.outcome.records.count { $0.value == nil } == 8)
            #expect(harness.description?.keptTopics.isEmpty == true)
            #expect(harness.logTellsState)
            harness.configure(.change) { $0.topics = [Self.invoices, again] }
            #expect(harness.committed(0) == 0)
            #expect(harness.logTellsState)
        }
    }

    @Test func deletedTopicIsTakenOffTheListSoThatJoinersComeInAgain() {
        var harness = GroupHarness()
        let list = harness.topics
        harness.topics.append(Self.invoices)
        harness.join("a")
        harness.apply(.topicDeleted(list[0].name, list[0].id))
        #expect(harness.description?.missingTopics == [GroupHarness.orders])
        // A joiner cannot name a topic that does not exist, and the list without it is another one.
        harness.topics = [Self.invoices]
        guard case .otherTopics = harness.join("b")?.refusal else { return #expect(Bool(false), "accepted") }
        harness.configure(.change) { $0.topics = [Self.invoices] }
        #expect(harness.description?.missingTopics.isEmpty == true)
        #expect(harness.description?.keptTopics.isEmpty == true)
        guard case .joined = harness.join("b") else { return #expect(Bool(false), "refused") }
        #expect(harness.logTellsState)
    }

    @Test func keptTopicsAreBounded() {
        var configuration = GroupConfiguration.withoutFirstDebounce
        configuration.topicsPerGroupMax = 1
        var harness = GroupHarness(configuration: configuration)
        harness.join("a")
        harness.configure(.change) { $0.topics = [Self.invoices] }
        let third = GroupTopicDescription(name: topicName("third"), id: TopicID(high: 3, low: 3), partitionCount: 1)
        #expect(harness.configure(.change) { $0.topics = [third] }?.refusal == .tooManyKeptTopics(max: 1))
        let orders = harness.topics
        #expect(harness.configure(.change) { $0.topics = orders }?.configured?.change == .changed)
    }
}
