import GroupCoordination
import RecordFormat

/// Watches a group from outside, with its own small model of what was delivered and why a partition may change hands.
///
/// All its times are wall times, which go on over crashes.
struct GroupOracle: Sendable {
    /// A partition as its present holder left it.
    struct Watched: Sendable {
        var owner: MemberID
        var epoch: PartitionEpoch
        /// The highest offset handed to the present holder; what it has to finish.
        var delivered: Offset
        /// When the commit timeout of it began.
        var leaseFrom: Int64
        /// What was happening to it.
        var phase: PartitionPhase
        /// Whether the next delivery is the first on a new connection.
        var isBack = false
        /// Whether the process that runs now saw all deliveries of this epoch.
        var isSeenWhole = true
        /// Whether the holder was warned since the commit timeout began.
        var isWarned = false
    }

    var commitTimeout: Int64
    var sessionTimeout: Int64
    var timeToLive: Int64?
    private(set) var violations: [String] = []
    var watched: [TopicPartition: Watched] = [:]
    var committed: [TopicPartition: Offset] = [:]
    /// Commits whose answers were given out: no crash takes them back.
    var acknowledged: [TopicPartition: Offset] = [:]
    /// Partitions whose start was resolved, or that were added later.
    var begun: Set<TopicPartition> = []
    /// To whom an epoch of a partition was given, of all that anybody was told.
    var toldEpochs: [TopicPartition: [PartitionEpoch: MemberID]] = [:]
    var lastTold: [TopicPartition: PartitionEpoch] = [:]
    /// Connections that were told what they have, if only that it is nothing.
    var announced: Set<ConnectionID> = []
    /// Members that keep what they own while they have no connection (static ones, and all after a restart), and since
    /// when.
    ///
    /// What was being taken from them before goes on being taken.
    var absentSince: [MemberID: Int64] = [:]
    /// When each member without a connection was last heard of.
    var heardAt: [MemberID: Int64] = [:]
    /// When each member last came on a connection.
    var returnedAt: [MemberID: Int64] = [:]
    /// Partitions whose holder has agreed to lose them: it left, released, was replaced, or the topic is gone.
    var excused: Set<TopicPartition> = []
    var excusedMembers: Set<MemberID> = []
    /// Partitions whose offset is being reset: it may go back.
    var resetting: Set<TopicPartition> = []

    init(commitTimeout: Int64, sessionTimeout: Int64) {
        self.commitTimeout = commitTimeout
        self.sessionTimeout = sessionTimeout
    }

    mutating func report(_ text: String) {
        violations.append(text)
    }

    // MARK: What happens

    mutating func delivered(_ partition: TopicPartition, to next: Offset, at time: Int64) {
        guard var state = watched[partition] else { return report("\(partition) read by nobody") }
        if state.isBack || state.delivered <= committed[partition] ?? .zero {
            state.leaseFrom = time
            state.isWarned = false
        }
        state.isBack = false
        state.delivered = max(state.delivered, next)
        watched[partition] = state
    }

    mutating func renewed(_ partition: TopicPartition, at time: Int64) {
        watched[partition]?.leaseFrom = time
        watched[partition]?.isWarned = false
    }

    /// A member is back.
    ///
    /// In the same process its leases begin anew; after a crash it has agreed to begin at its commits. What it was told
    /// to finish gets no more time by that.
    mutating func returned(_ member: MemberID, isFirstSinceCrash: Bool, at time: Int64) {
        absentSince[member] = nil
        heardAt[member] = nil
        returnedAt[member] = time
        for (partition, state) in watched where state.owner == member && state.phase != .revoking {
            renewed(partition, at: time)
            watched[partition]?.isBack = true
            // What was delivered of a hand-over is stored; of what is owned nobody knows.
            guard isFirstSinceCrash, state.phase == .owned else { continue }
            watched[partition]?.delivered = committed[partition] ?? .zero
        }
    }

    /// A member's connection is gone, or its heartbeats begin to be counted.
    mutating func heard(_ member: MemberID, at time: Int64) {
        heardAt[member] = time
    }

    /// A topic is gone, or off the list.
    mutating func forget(_ topic: TopicName, withCommits: Bool) {
        watched = watched.filter { $0.key.topic != topic }
        guard withCommits else { return }
        committed = committed.filter { $0.key.topic != topic }
        acknowledged = acknowledged.filter { $0.key.topic != topic }
        begun = begun.filter { $0.topic != topic }
    }

    /// The group is gone, and another one may come under its name.
    mutating func forgetGroup() {
        let (commitTimeout, sessionTimeout) = (commitTimeout, sessionTimeout)
        let violations = violations
        self = GroupOracle(commitTimeout: commitTimeout, sessionTimeout: sessionTimeout)
        self.violations = violations
    }

    /// The answer to a commit was given out.
    mutating func acknowledge(_ partition: TopicPartition, _ offset: Offset) {
        acknowledged[partition] = max(acknowledged[partition] ?? offset, offset)
    }

    /// What a member is told, before any of it is lost on the way.
    mutating func told(_ event: GroupEvent) {
        guard case .assigned(_, let partitions) = event.body else { return }
        announced.insert(event.connection)
        for partition in partitions { told(partition, to: event.member) }
    }

    /// What is to be told, once it is durable.
    mutating func toTell(_ event: GroupEvent) {
        switch event.body {
        case .leaseWarning(let partitions, _):
            for partition in partitions where watched[partition.partition]?.epoch == partition.epoch {
                watched[partition.partition]?.isWarned = true
            }
        case .goodbye(.fenced, let reconnect):
            if reconnect { report("\(event.member) was fenced and invited to come back") }
        default: return
        }
    }

    /// An epoch that anybody was told belongs to one member for ever, and epochs told of a partition only rise.
    private mutating func told(_ assigned: AssignedPartition, to member: MemberID) {
        let partition = assigned.partition
        if let owner = toldEpochs[partition]?[assigned.epoch], owner != member {
            report("\(partition) epoch \(assigned.epoch.value) told to \(owner) and to \(member)")
        }
        toldEpochs[partition, default: [:]][assigned.epoch] = member
        if let last = lastTold[partition], assigned.epoch < last {
            report("\(partition) told in epoch \(assigned.epoch.value) after \(last.value)")
        }
        lastTold[partition] = max(lastTold[partition] ?? assigned.epoch, assigned.epoch)
    }
}
