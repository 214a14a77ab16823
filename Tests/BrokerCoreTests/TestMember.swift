import BrokerTestSupport
import RecordFormat

@testable import BrokerCore

/// A worker for tests: takes what its session tells, and keeps book.
final class TestMember {
    let session: any GroupSession
    private let test: TestBroker
    private let group: GroupName
    private(set) var owned: [TopicPartition: Int64] = [:]
    private(set) var next: [TopicPartition: Offset] = [:]
    private(set) var values: [String] = []
    private(set) var events: [String] = []

    init(_ test: TestBroker, _ group: GroupName, _ session: any GroupSession) {
        self.test = test
        self.group = group
        self.session = session
    }

    static func join(
        _ test: TestBroker,
        _ group: String,
        _ topics: [TopicName],
        instance: String? = nil,
        resume: String? = nil,
        start: StartPosition = .earliest,
        maxInFlight: Int? = nil
    ) async throws -> TestMember {
        let name = try GroupName(validating: group)
        let session = try await test.broker.joinGroup(
            GroupJoinRequest(
                group: name,
                topics: topics,
                instance: instance,
                resume: resume,
                start: start,
                maxInFlight: maxInFlight,
                principal: .anonymous
            )
        )
        return TestMember(test, name, session)
    }

    /// Takes one thing; `idle` when there is nothing to say now.
    ///
    /// An answer may reach its asker before the events of the same change reach their members: they are waited for.
    @discardableResult
    func take() async throws -> GroupEvent {
        try await test.flush()
        let event = await session.next(deadline: test.clock.now)
        switch event {
        case .assigned(_, let partitions):
            owned = Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition, $0.epoch) })
            for partition in partitions { next[partition.partition] = partition.start }
            events.append("assigned \(partitions.count)")
        case .records(let slice, let epoch):
            precondition(owned[slice.partition] == epoch, "records of a partition that is not owned")
            precondition(next[slice.partition] == slice.start, "records out of order")
            next[slice.partition] = slice.next
            values += try slice.values()
            events.append("records \(slice.offsetCount)")
        case .revoking(let partitions, _): events.append("revoking \(partitions.count)")
        case .revoked(let partitions):
            for partition in partitions { owned[partition.partition] = nil }
            events.append("revoked \(partitions.map(\.reason).sorted().joined(separator: ","))")
        case .paused(let count, _): events.append("paused \(count)")
        case .resumed: events.append("resumed")
        case .leaseWarning: events.append("leaseWarning")
        case .gap(let gap):
            precondition(next[gap.partition] == gap.from, "a gap elsewhere than where the records ended")
            next[gap.partition] = gap.to
            events.append("gap \(gap.from)..<\(gap.to) \(gap.reason.rawValue)")
        case .unreadable(let partition, _): events.append("unreadable \(partition.partition)")
        case .goodbye(let reason, let reconnect, _): events.append("goodbye \(reason) \(reconnect)")
        case .idle: break
        }
        return event
    }

    /// Takes everything that there is now.
    func takeAll() async throws {
        while true {
            switch try await take() {
            case .idle, .goodbye: return
            default: continue
            }
        }
    }

    /// Commits what was taken of the partitions that are owned.
    @discardableResult
    func commit() async throws -> [CommitItemResult] {
        let items = owned.map { partition, epoch in
            CommitOffsetsRequest.Item(partition: partition, offset: next[partition] ?? .zero, epoch: epoch)
        }
        return try await commit(items)
    }

    func commit(_ items: [CommitOffsetsRequest.Item]) async throws -> [CommitItemResult] {
        try await test.broker.commit(
            CommitOffsetsRequest(group: group, member: session.member, principal: .anonymous, items: items)
        )
    }
}

extension TestBroker {
    /// Lets the members work until nothing moves: they take, commit, and time goes by for what waits on it.
    func settle(_ members: [TestMember], rounds: Int = 6) async throws {
        for _ in 0..<rounds {
            for member in members {
                try await member.takeAll()
                try await member.commit()
            }
            clock.advance(byMilliseconds: 60)
            try await flush()
        }
    }

    /// Returns when everything that was queued so far is durable, and told.
    func flush() async throws {
        try await broker.deliverEffects()
    }
}

extension Broker {
    /// Returns when the effects of all changes of groups so far have been delivered.
    func deliverEffects() async throws {
        for coordinator in coordinators { try await coordinator.settle() }
    }
}

extension GroupCoordinator {
    /// Waits until the effects of all changes so far have been delivered.
    fileprivate func settle() async throws {
        while state.withLock({ !$0.ledger.isSettled }) {
            // The suite's time limit must end this loop, too.
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
