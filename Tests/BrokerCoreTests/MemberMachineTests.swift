import BrokerTestSupport
import GroupCoordination
import RecordFormat
import Testing

@testable import BrokerCore

/// The member's side of a group by events and steps, without any task.
@Suite(.timeLimit(.minutes(1))) struct MemberMachineTests {
    private typealias Body = GroupCoordination.GroupEvent.Body

    /// Two partitions with three records each.
    private func partitions() async throws -> (test: TestBroker, topic: Topic) {
        let test = try await TestBroker.start()
        let name = try await test.createTopic("orders", partitions: 2)
        for partition in Int32(0)..<2 { try await test.append(["a", "b", "c"], to: name, partition) }
        return (test, try #require(test.broker.registry.find(name)))
    }

    /// Steps until there is nothing to tell, and describes what was told; a read is carried out whole.
    private func run(
        _ machine: inout MemberMachine,
        _ topic: Topic,
        allowance: DeliveryLoad = DeliveryLoad(records: .max, bytes: .max)
    ) -> [String] {
        var told: [String] = []
        while true {
            let step = machine.step(allowance: allowance) { topic.partitions[Int($0.partition.partition.value)] }
            switch step {
            case .event(let event):
                told.append("\(event)".prefix { $0 != "(" }.description)
                if case .goodbye = event { return told }
            case .read(let owned, let load):
                let next = min(owned.partition.visible, Offset(owned.next.value + load.records))
                told.append("read \(owned.partition.identity.partition) \(owned.next) to \(next)")
                let count = next - owned.next
                machine.delivered(owned, DeliveryLoad(records: count, bytes: 10 * count), next: next)
            case .wait:
                return told
            }
        }
    }

    private func assigned(_ test: TestBroker, _ topic: TopicName) async throws -> [Body] {
        // The machine's own events are made by a coordinator: an assignment cannot be made by hand.
        var configuration = GroupConfiguration()
        configuration.firstJoinDebounceMilliseconds = 0
        var shard = GroupShard(configuration: configuration)
        let now = GroupNow(monotonicMilliseconds: 0, wall: Timestamp(millisecondsSinceEpoch: 0))
        _ = shard.finishReplay(now: now)
        let found = try test.broker.registry.topic(topic)
        let group = try GroupName(validating: "billing")
        let description = GroupTopicDescription(name: topic, id: found.id, partitionCount: 2)
        let join = GroupJoin(
            request: .next(),
            connection: .next(),
            group: group,
            member: .random(),
            topics: [description]
        )
        let outcomes = shard.apply(.join(join), now: now)
        var events = outcomes.flatMap(\.events)
        for request in outcomes.flatMap(\.resolveStart) {
            let offsets = request.partitions.map {
                ResolvedStart(partition: $0.partition, topicID: $0.topicID, offset: .zero)
            }
            let more = shard.apply(.startResolved(StartResolution(group: group, offsets: offsets)), now: now)
            events += more.flatMap(\.events)
        }
        return events.map(\.body)
    }

    @Test func whatIsInFlightAreRecordsAndNotOffsets() async throws {
        let (test, topic) = try await partitions()
        var owned = MemberMachine.Owned(partition: topic.partitions[0], epoch: .init(1), start: .zero)
        owned.deliver(DeliveryLoad(records: 2, bytes: 2 * 10), to: Offset(1000))
        owned.deliver(DeliveryLoad(records: 10, bytes: 10 * 10), to: Offset(1010))
        owned.deliver(DeliveryLoad(records: 5, bytes: 5 * 10), to: Offset(1015))
        #expect(owned.inFlight == DeliveryLoad(records: 17, bytes: 170))
        owned.commit(Offset(400))
        #expect(owned.inFlight == DeliveryLoad(records: 17, bytes: 170))
        owned.commit(Offset(999))
        #expect(owned.inFlight == DeliveryLoad(records: 16, bytes: 160))
        owned.commit(Offset(1000))
        #expect(owned.inFlight == DeliveryLoad(records: 15, bytes: 150))
        owned.commit(Offset(1012))
        #expect(owned.inFlight.records == 3)
        owned.commit(Offset(5))
        #expect(owned.inFlight.records == 3 && owned.committed == Offset(1012))
        await test.process.stop()
    }

    @Test func partitionsTakeTurnsAndControlGoesFirst() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 100, bytes: .max), eventsMax: 10)
        #expect(run(&machine, topic) == [])
        for body in try await assigned(test, topic.name) { machine.post(body) }
        #expect(run(&machine, topic) == ["assigned", "read 0 0 to 3", "read 1 0 to 3"])
        await test.process.stop()
    }

    @Test func aFullMemberIsPausedOnceAndResumedByACommit() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 4, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        for body in bodies { machine.post(body) }
        #expect(run(&machine, topic) == ["assigned", "read 0 0 to 3", "read 1 0 to 1", "paused"])
        #expect(run(&machine, topic) == [])
        machine.committed(.of(topic.name, 0), Offset(3), epoch: try epoch(bodies, 0))
        #expect(run(&machine, topic) == ["resumed", "read 1 1 to 3"])
        await test.process.stop()
    }

    /// The epoch under which the member got a partition.
    private func epoch(_ bodies: [Body], _ partition: Int32) throws -> PartitionEpoch {
        for case .assigned(_, let given) in bodies {
            if let found = given.first(where: { $0.partition.partition == PartitionIndex(partition) }) {
                return found.epoch
            }
        }
        throw NotAssigned()
    }

    private struct NotAssigned: Error {}

    @Test func aCommitBeforeTheMemberIsToldCounts() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 2, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        machine.committed(.of(topic.name, 0), Offset(2), epoch: try epoch(bodies, 0))
        machine.committed(.of(topic.name, 1), Offset(3), epoch: PartitionEpoch(0))
        for body in bodies { machine.post(body) }
        #expect(run(&machine, topic) == ["assigned", "read 0 2 to 3", "read 1 0 to 1", "paused"])
        await test.process.stop()
    }

    @Test func whatIsCommittedIsNotDelivered() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 1, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        for body in bodies { machine.post(body) }
        #expect(run(&machine, topic) == ["assigned", "read 0 0 to 1", "paused"])
        machine.committed(.of(topic.name, 0), Offset(2), epoch: try epoch(bodies, 0))
        machine.committed(.of(topic.name, 1), Offset(3), epoch: try epoch(bodies, 1))
        #expect(run(&machine, topic) == ["resumed", "read 0 2 to 3", "paused"])
        await test.process.stop()
    }

    @Test func aCommitOfAFormerEpochChangesNothing() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 1, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        for body in bodies { machine.post(body) }
        #expect(run(&machine, topic) == ["assigned", "read 0 0 to 1", "paused"])
        machine.committed(.of(topic.name, 0), Offset(3), epoch: PartitionEpoch(0))
        #expect(run(&machine, topic) == [])
        await test.process.stop()
    }

    /// Another connection of the session may commit what is just being read.
    @Test func aReadThatWasCommittedMeanwhileIsCut() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 10, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        for body in bodies { machine.post(body) }
        let find = { (assigned: GroupCoordination.AssignedPartition) in
            topic.partitions[Int(assigned.partition.partition.value)] as Partition?
        }
        _ = machine.step(allowance: DeliveryLoad(records: .max, bytes: .max), find: find)
        guard case .read(let owned, _) = machine.step(allowance: DeliveryLoad(records: .max, bytes: .max), find: find)
        else { return #expect(Bool(false), "nothing to read") }
        machine.committed(owned.partition.identity, Offset(2), epoch: owned.epoch)
        let outcome = try PartitionReader.read(owned.partition, from: owned.next, bytesMax: 1000)
        #expect(outcome.start == .zero && outcome.next == Offset(3))
        let next = try #require(machine.next(of: owned))
        #expect(next == Offset(2))
        let rest = outcome.dropping(before: next)
        #expect(rest.start == Offset(2) && rest.next == Offset(3) && rest.batches.count == 1)
        machine.delivered(owned, DeliveryLoad(records: 2, bytes: 20), next: Offset(2))
        #expect(machine.next(of: owned) == Offset(2))
        await test.process.stop()
    }

    @Test func nothingIsReadOfWhatIsRevoking() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 100, bytes: .max), eventsMax: 10)
        let bodies = try await assigned(test, topic.name)
        for body in bodies { machine.post(body) }
        guard case .assigned(_, let given) = bodies.last, let first = given.first else {
            Issue.record("no assignment in \(bodies)")
            return
        }
        machine.post(
            .revoking([LeasePartition(partition: first.partition, epoch: first.epoch)], deadlineMilliseconds: 9)
        )
        #expect(run(&machine, topic) == ["assigned", "revoking", "read 1 0 to 3"])
        await test.process.stop()
    }

    @Test func aMemberThatTakesNoEventsIsSentAway() async throws {
        let (test, topic) = try await partitions()
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 100, bytes: .max), eventsMax: 2)
        for _ in 0..<3 { machine.post(.assigned(GroupEpoch(1), [])) }
        #expect(run(&machine, topic) == ["assigned", "assigned", "goodbye"])
        #expect(run(&machine, topic) == ["goodbye"])
        await test.process.stop()
    }

    @Test func everyChangeIsSeenByASleeper() {
        var machine = MemberMachine(maxInFlight: DeliveryLoad(records: 1, bytes: .max), eventsMax: 2)
        let before = machine.version
        machine.post(.assigned(GroupEpoch(1), []))
        let posted = machine.version
        machine.end(.drain)
        #expect(Set([before, posted, machine.version]).count == 3)
    }
}
