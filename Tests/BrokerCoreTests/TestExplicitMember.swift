import BrokerTestSupport
import RecordFormat

@testable import BrokerCore

/// An explicit member for tests: asks, and keeps book of what it was told.
struct TestExplicitMember {
    let test: TestBroker
    let identity: MemberIdentity

    /// Joins, and lets the time go by in which joins are collected.
    static func join(
        _ test: TestBroker,
        _ topics: [TopicName],
        resume: String? = nil,
        maxInFlight: Int? = nil
    ) async throws -> TestExplicitMember {
        let group = try GroupName(validating: "billing")
        let request = GroupJoinRequest(
            group: group,
            topics: topics,
            resume: resume,
            maxInFlight: maxInFlight,
            principal: .anonymous
        )
        let joined = try await test.broker.joinExplicitly(request)
        test.clock.advance(byMilliseconds: 100)
        try await test.flush()
        return TestExplicitMember(
            test: test,
            identity: MemberIdentity(group: group, member: joined.member, principal: .anonymous)
        )
    }

    /// Asks for what there is now, or within a time.
    func poll(
        waitMilliseconds: Int64 = 0,
        after: String? = nil,
        records: Int64 = .max
    ) async throws(BrokerError) -> MemberPage {
        try await test.broker.poll(
            MemberPoll(
                identity: identity,
                deadline: test.clock.now.advanced(byMilliseconds: waitMilliseconds),
                allowance: DeliveryAllowance(records: records, bytes: .max),
                after: after
            )
        )
    }

    /// Commits everything up to an offset of the first partition that is owned.
    func commit(_ page: MemberPage, _ offset: Int64) async throws -> [CommitItemResult.Outcome] {
        let items = page.partitions.prefix(1).map {
            CommitOffsetsRequest.Item(partition: $0.partition, offset: Offset(offset), epoch: $0.epoch)
        }
        let request = CommitOffsetsRequest(
            group: identity.group,
            member: identity.member,
            principal: .anonymous,
            items: items
        )
        return try await test.broker.commit(request).map(\.outcome)
    }

    /// When its session ends if nothing more is heard of it, by the clock; nil when it is not there.
    var deadline: Int64? {
        test.broker.coordinator(of: identity.group).inspect { shard in
            shard.describe(identity.group)?.members.first { $0.id.value == identity.member }?
                .sessionDeadlineMilliseconds
        }
    }

    /// Whether its group knows it.
    var isThere: Bool { deadline != nil }

    /// Lets time go by in steps, and after each lets a poll that waits say that its member is there.
    func wait(steps: Int, of milliseconds: Int64) async throws {
        for _ in 0..<steps {
            test.clock.advance(byMilliseconds: milliseconds)
            while let deadline, deadline < test.clock.now.milliseconds + 10_000 - milliseconds {
                try Task.checkCancellation()
                await Task.yield()
            }
        }
    }
}

extension MemberPage {
    /// The values of all records, in the order in which they came.
    func values() throws -> [String] { try records.flatMap { try $0.values() } }

    /// What the group said, in a word each.
    var words: [String] {
        events.map { event in
            switch event {
            case .assigned(_, let partitions): "assigned \(partitions.count)"
            case .revoked(let partitions): "revoked \(partitions.map(\.reason).joined(separator: ","))"
            case .revoking: "revoking"
            case .paused(let count, _): "paused \(count)"
            case .resumed: "resumed"
            case .leaseWarning: "leaseWarning"
            case .goodbye(let reason, let reconnect, _): "goodbye \(reason) \(reconnect)"
            default: "other"
            }
        }
    }
}
