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
            members: group.members.map { Member($0, in: group) },
            partitions: group.partitions.map { Partition($0, registry: registry) }
        )
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
            isConnected: member.connection != nil,
            partitions: member.assignment.map { held in
                let start = (committed[held.partition] ?? nil) ?? .zero
                return AssignedPartition(partition: held.partition, epoch: held.epoch.value, start: start)
            }
        )
    }
}

extension GroupReport.Partition {
    fileprivate init(_ partition: GroupDescription.PartitionDescription, registry: TopicRegistry) {
        let marks = try? registry.partition(partition.partition).log.watermarks
        let end = marks?.visible.offset ?? .zero
        let logStart = marks?.logStart.offset ?? .zero
        self.init(
            partition: partition.partition,
            committed: partition.committed,
            end: end,
            lag: max(0, end.value - max(partition.committed ?? logStart, logStart).value),
            lost: max(0, logStart.value - (partition.committed ?? logStart).value),
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

    /// The result of a renewal or a release; nil when it was done.
    init?(_ result: LeaseResult) {
        switch result.status {
        case .done:
            return nil
        case .fenced(let owner, let epoch):
            self.init(partition: result.partition, outcome: .fenced(owner: owner?.value, epoch: epoch.value))
        case .unknownPartition:
            self.init(partition: result.partition, outcome: .notShared)
        }
    }
}

extension BrokerError {
    /// What a refused group request is to the outside.
    init(_ refusal: GroupRefusal, group: GroupName) {
        switch refusal {
        case .unknownGroup(let group): self = .groupNotFound(group)
        case .unknownMember(let group, _): self = .sessionExpired(group)
        case .otherTopics(let group, let current, _): self = .groupTopicsDiffer(group, topics: current)
        case .tooManyMembers(let max): self = .groupFull(group, max: max)
        default: self = .invalid(refusal.description)
        }
    }
}
