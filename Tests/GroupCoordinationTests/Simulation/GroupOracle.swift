import RecordFormat

@testable import GroupCoordination

/// Watches a shard from outside, with its own small model of what was delivered and why a partition may change hands.
///
/// All its times are wall times, which go on over crashes.
struct GroupOracle {
    /// A partition as its present holder left it.
    struct Watched {
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
    }

    let commitTimeout: Int64
    let sessionTimeout: Int64
    private(set) var violations: [String] = []
    private var watched: [TopicPartition: Watched] = [:]
    private var committed: [TopicPartition: Offset] = [:]
    /// To whom an epoch of a partition was given, of all that anybody was told.
    private var toldEpochs: [TopicPartition: [PartitionEpoch: MemberID]] = [:]
    private var lastTold: [TopicPartition: PartitionEpoch] = [:]
    /// Members that keep what they own while they have no connection (static ones, and all after a restart), and since
    /// when.
    ///
    /// What was being taken from them before goes on being taken.
    var absentSince: [MemberID: Int64] = [:]
    /// Partitions whose holder has agreed to lose them: it left, released, was replaced, or the topic is gone.
    var excused: Set<TopicPartition> = []
    var excusedMembers: Set<MemberID> = []

    init(commitTimeout: Int64, sessionTimeout: Int64) {
        self.commitTimeout = commitTimeout
        self.sessionTimeout = sessionTimeout
    }

    // MARK: What happens

    mutating func delivered(_ partition: TopicPartition, to next: Offset, at time: Int64) {
        guard var state = watched[partition] else { return violations.append("\(partition) read by nobody") }
        if state.isBack || state.delivered <= committed[partition] ?? .zero { state.leaseFrom = time }
        state.isBack = false
        state.delivered = max(state.delivered, next)
        watched[partition] = state
    }

    mutating func renewed(_ partition: TopicPartition, at time: Int64) {
        watched[partition]?.leaseFrom = time
    }

    /// A member is back.
    ///
    /// In the same process its leases begin anew; after a crash it has agreed to begin at its commits. What it was told
    /// to finish gets no more time by that.
    mutating func returned(_ member: MemberID, isFirstSinceCrash: Bool, at time: Int64) {
        absentSince[member] = nil
        for (partition, state) in watched where state.owner == member && state.phase != .revoking {
            watched[partition]?.leaseFrom = time
            watched[partition]?.isBack = true
            if isFirstSinceCrash { watched[partition]?.delivered = committed[partition] ?? .zero }
        }
    }

    mutating func deleted(_ topic: TopicName) {
        watched = watched.filter { $0.key.topic != topic }
        committed = committed.filter { $0.key.topic != topic }
    }

    /// When each lease began: kept with every outcome, to go back to what survives a crash.
    var leases: [TopicPartition: Int64] { watched.mapValues(\.leaseFrom) }

    /// What a crash takes back was never told to anybody, so it is forgotten here too: also that a hand-over was given
    /// more time.
    mutating func crashed(_ description: GroupDescription?, leases: [TopicPartition: Int64]) {
        guard let description else {
            watched = [:]
            committed = [:]
            return
        }
        let known = Set(description.partitions.map(\.partition))
        watched = watched.filter { known.contains($0.key) }
        committed = committed.filter { known.contains($0.key) }
        for state in description.partitions {
            committed[state.partition] = state.committed
            let former = watched[state.partition]
            guard let owner = state.owner else {
                watched[state.partition] = nil
                continue
            }
            if former?.owner != owner || former?.epoch != state.epoch {
                watched[state.partition] = Watched(
                    owner: owner,
                    epoch: state.epoch,
                    delivered: state.committed ?? .zero,
                    leaseFrom: 0,
                    phase: state.phase
                )
            }
            watched[state.partition]?.phase = state.phase
            if state.phase != .owned, let lease = leases[state.partition] {
                watched[state.partition]?.leaseFrom = lease
            }
        }
    }

    // MARK: What must hold

    /// Compares the state after a command with the one before.
    mutating func check(_ description: GroupDescription, at time: Int64) {
        for state in description.partitions {
            checkCommitted(state)
            checkHolder(state, description, at: time)
        }
        excused = []
        excusedMembers = []
    }

    private mutating func checkCommitted(_ state: GroupDescription.PartitionDescription) {
        guard let now = state.committed else { return }
        if let before = committed[state.partition], now < before {
            violations.append("\(state.partition) committed went back from \(before) to \(now)")
        }
        committed[state.partition] = now
    }

    private mutating func checkHolder(
        _ state: GroupDescription.PartitionDescription,
        _ description: GroupDescription,
        at time: Int64
    ) {
        let partition = state.partition
        if let before = watched[partition], before.owner != state.owner || before.epoch != state.epoch {
            checkMove(before, state, at: time)
            watched[partition] = nil
        }
        if let before = watched[partition] { checkKept(before, state, at: time) }
        guard let owner = state.owner else { return }
        guard let start = state.committed else { return violations.append("\(partition) owned without a start") }
        if watched[partition] == nil {
            watched[partition] = Watched(
                owner: owner,
                epoch: state.epoch,
                delivered: start,
                leaseFrom: time,
                phase: state.phase
            )
        }
        watched[partition]?.phase = state.phase
    }

    /// What an absent member keeps is not even being taken before its session timeout.
    private mutating func checkKept(
        _ before: Watched,
        _ state: GroupDescription.PartitionDescription,
        at time: Int64
    ) {
        guard before.phase == .owned, state.phase != .owned, let since = absentSince[before.owner],
            time < since + sessionTimeout
        else { return }
        violations.append(
            "\(state.partition) is \(state.phase) under absent \(before.owner), before its session timeout"
        )
    }

    /// A holder goes when all is committed, when it agreed, or at the commit timeout; a static one not before its
    /// session timeout.
    private mutating func checkMove(
        _ before: Watched,
        _ state: GroupDescription.PartitionDescription,
        at time: Int64
    ) {
        let partition = state.partition
        if let owner = state.owner, owner != before.owner || state.epoch != before.epoch, state.epoch <= before.epoch {
            violations.append(
                "\(partition) went to \(owner) in epoch \(state.epoch.value), not above \(before.epoch.value)"
            )
        }
        guard !excused.contains(partition), !excusedMembers.contains(before.owner) else { return }
        let isFinished = before.delivered <= committed[partition] ?? .zero
        if !isFinished, time < before.leaseFrom + commitTimeout {
            violations.append("\(partition) taken from \(before.owner) with uncommitted records, before its time")
        }
        if before.phase == .owned, let since = absentSince[before.owner], time < since + sessionTimeout {
            violations.append("\(partition) taken from absent static \(before.owner), before its session timeout")
        }
    }

    /// An epoch that anybody was told belongs to one member for ever, and epochs told of a partition only rise.
    mutating func told(_ assigned: AssignedPartition, to member: MemberID) {
        let partition = assigned.partition
        if let owner = toldEpochs[partition]?[assigned.epoch], owner != member {
            violations.append("\(partition) epoch \(assigned.epoch.value) told to \(owner) and to \(member)")
        }
        toldEpochs[partition, default: [:]][assigned.epoch] = member
        if let last = lastTold[partition], assigned.epoch < last {
            violations.append("\(partition) told in epoch \(assigned.epoch.value) after \(last.value)")
        }
        lastTold[partition] = assigned.epoch
        if let now = committed[partition], assigned.start > now {
            violations.append("\(partition) starts at \(assigned.start), behind the commit at \(now)")
        }
    }

    mutating func report(_ text: String) {
        violations.append(text)
    }
}
