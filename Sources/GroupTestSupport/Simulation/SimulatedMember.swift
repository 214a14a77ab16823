import GroupCoordination
import RecordFormat

/// One member as it sees itself: it knows only what it was told.
struct SimulatedMember: Sendable {
    let member: MemberID
    let instance: String?
    let presence: GroupPresence
    var connection: ConnectionID?
    /// What it believes to own, by the epoch it was told.
    ///
    /// It forgets nothing of its own accord, so that it commits with stale epochs too.
    var believed: [TopicPartition: PartitionEpoch] = [:]
    /// Whether it was told never to come back.
    var isFenced = false

    mutating func hear(_ body: GroupEvent.Body, forgetting: Bool) {
        switch body {
        case .assigned(_, let partitions):
            for partition in partitions { believed[partition.partition] = partition.epoch }
        case .revoked(let partitions):
            guard forgetting else { return }
            for partition in partitions { believed[partition.partition] = nil }
        case .goodbye:
            isFenced = true
            connection = nil
        case .revoking, .leaseWarning:
            return
        }
    }
}
