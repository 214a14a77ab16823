import GroupCoordination
import RecordFormat

// The pure machine's words in those of the facade.

extension GroupSummary {
    init(_ summary: GroupCoordination.GroupSummary) {
        self.init(
            name: summary.group,
            topics: summary.topics,
            memberCount: summary.memberCount,
            groupEpoch: summary.epoch.value
        )
    }
}

extension GroupReport {
    init(_ group: GroupDescription, registry: TopicRegistry) {
        let summary = GroupSummary(
            name: group.group,
            topics: group.topics,
            memberCount: group.members.count,
            groupEpoch: group.epoch.value
        )
        self.init(
            summary: summary,
            settings: GroupSettings(group.settings),
            missingTopics: group.missingTopics,
            keptTopics: group.keptTopics,
            emptySince: group.emptySince,
            members: group.members.map { Member($0, in: group) },
            partitions: group.partitions.map { Partition($0, registry: registry) }
        )
    }
}

extension GroupSettings {
    init(_ settings: GroupCoordination.GroupSettings) {
        self.init(
            start: StartPosition(settings.start),
            commitTimeoutMilliseconds: settings.commitTimeoutMilliseconds,
            sessionTimeoutMilliseconds: settings.sessionTimeoutMilliseconds,
            membersMax: settings.membersMax,
            timeToLiveMilliseconds: settings.timeToLiveMilliseconds
        )
    }
}

extension StartPosition {
    init(_ start: GroupCoordination.StartPosition) {
        switch start {
        case .earliest: self = .earliest
        case .latest: self = .latest
        case .beforeEnd(let count): self = .beforeEnd(count)
        case .offset(let offset): self = .offset(offset)
        case .time(let time): self = .time(time)
        }
    }

    /// The same in the words of the groups' machine.
    var ofGroup: GroupCoordination.StartPosition {
        switch self {
        case .earliest: .earliest
        case .latest: .latest
        case .beforeEnd(let count): .beforeEnd(count)
        case .offset(let offset): .offset(offset)
        case .time(let time): .time(time)
        }
    }
}

extension GroupReport.Member {
    fileprivate init(_ member: GroupDescription.MemberDescription, in group: GroupDescription) {
        let committed = Dictionary(
            uniqueKeysWithValues: group.partitions.filter { $0.owner == member.id }.map { ($0.partition, $0.committed) }
        )
        self.init(
            id: member.id.value,
            instance: member.instance,
            epoch: member.epoch.value,
            presence: Presence(member.presence),
            joinedAt: member.joinedAt,
            isStalled: member.isStalled,
            partitions: member.assignment.map { held in
                let start = (committed[held.partition] ?? nil) ?? .zero
                return AssignedPartition(partition: held.partition, epoch: held.epoch.value, start: start)
            }
        )
    }
}

extension GroupReport.Member.Presence {
    fileprivate init(_ presence: GroupPresence?) {
        switch presence {
        case .connection: self = .connection
        case .heartbeats: self = .heartbeats
        case nil: self = .none
        }
    }
}

extension GroupReport.Partition {
    fileprivate init(_ partition: GroupDescription.PartitionDescription, registry: TopicRegistry) {
        let marks = try? registry.partition(partition.partition).log.watermarks
        self.init(
            partition: partition.partition,
            committed: partition.committed,
            committedAt: partition.committedAt,
            metadata: partition.metadata,
            logStart: marks?.logStart.offset ?? .zero,
            end: marks?.visible.offset ?? .zero,
            inFlight: partition.inFlight,
            uncommittedSince: partition.uncommittedSinceMilliseconds.map { MonotonicInstant(milliseconds: $0) },
            owner: partition.owner?.value,
            epoch: partition.epoch.value,
            state: partition.phase.text
        )
    }
}

extension PartitionPhase {
    fileprivate var text: String {
        switch self {
        case .free: "unassigned"
        case .owned: "assigned"
        case .revoking: "revoking"
        case .draining: "draining"
        }
    }
}

extension CommitItemResult {
    init(_ result: CommitResult) {
        let outcome: Outcome =
            switch result.status {
            case .committed: .committed
            case .outdated(let committed): .outdated(committed: committed)
            case .fenced(let owner, let epoch): .fenced(owner: owner?.value, epoch: epoch.value)
            case .beyondVisible(let visible): .beyondVisible(visible: visible)
            case .beyondDelivery(let delivered): .beyondDelivery(delivered: delivered)
            case .notAssigned: .fenced(owner: nil, epoch: 0)
            case .unknownPartition: .notShared
            case .metadataTooLong(let bytesMax): .metadataTooLong(bytesMax: bytesMax)
            }
        self.init(partition: result.partition, outcome: outcome)
    }

    /// The result of a renewal or a release.
    init(_ result: LeaseResult, _ operation: Operation) {
        let outcome: Outcome =
            switch result.status {
            case .done: operation == .progress ? .progressed : .released
            case .fenced(let owner, let epoch): .fenced(owner: owner?.value, epoch: epoch.value)
            case .unknownPartition: .notShared
            }
        self.init(partition: result.partition, operation: operation, outcome: outcome)
    }
}
