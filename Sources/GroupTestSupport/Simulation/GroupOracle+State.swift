import GroupCoordination
import RecordFormat

/// What must hold of every state, and from each state to the next.
extension GroupOracle {
    /// Compares the state after a command with the one before.
    mutating func check(_ description: GroupDescription, after former: GroupDescription?, at time: Int64) {
        if let former { checkMovement(from: former, to: description, at: time) }
        for state in description.partitions {
            checkCommitted(state)
            checkHolder(state, description, at: time)
        }
        excused = []
        excusedMembers = []
        resetting = []
    }

    /// What must have happened once all timers have run.
    mutating func checkDue(_ description: GroupDescription, at time: Int64) {
        for member in description.members {
            guard let heard = heardAt[member.id], time >= heard + sessionTimeout else { continue }
            report("\(member.id) is still a member \(time - heard) ms after it was heard of")
        }
        for (partition, state) in watched {
            guard state.delivered > committed[partition] ?? .zero, time >= state.leaseFrom + commitTimeout else {
                continue
            }
            if state.phase == .owned, absentSince[state.owner] != nil { continue }
            // After a crash nobody knows what was delivered, and a lease begins with the process.
            guard state.isSeenWhole || state.phase != .owned else { continue }
            report("\(partition) is still \(state.phase) of \(state.owner), \(time - state.leaseFrom) ms uncommitted")
        }
        guard let timeToLive, let since = description.emptySince?.millisecondsSinceEpoch else { return }
        if time >= since + timeToLive { report("the group has had no member for \(time - since) ms, and is there") }
    }

    private mutating func checkCommitted(_ state: GroupDescription.PartitionDescription) {
        let partition = state.partition
        guard let now = state.committed else {
            if committed[partition] != nil { report("\(partition) has no commit any more") }
            return
        }
        if let before = committed[partition] {
            if now < before, !resetting.contains(partition) {
                report("\(partition) committed went back from \(before) to \(now)")
            }
        } else if !begun.contains(partition) {
            report("\(partition) begins at \(now), and nobody said so")
        }
        committed[partition] = now
    }

    private mutating func checkHolder(
        _ state: GroupDescription.PartitionDescription,
        _ description: GroupDescription,
        at time: Int64
    ) {
        let partition = state.partition
        if let before = watched[partition], before.owner != state.owner || before.epoch != state.epoch {
            checkMove(before, state, description, at: time)
            watched[partition] = nil
        }
        if let before = watched[partition] { checkKept(before, state, at: time) }
        guard let owner = state.owner else { return }
        guard let start = state.committed else { return report("\(partition) owned without a start") }
        if watched[partition] == nil {
            checkReceiver(owner, of: partition, description)
            watched[partition] = Watched(
                owner: owner,
                epoch: state.epoch,
                delivered: start,
                leaseFrom: time,
                phase: state.phase
            )
        }
        watched[partition]?.phase = state.phase
        checkHandOver(state)
    }

    /// A hand-over ends with what it waits for.
    private mutating func checkHandOver(_ state: GroupDescription.PartitionDescription) {
        guard state.phase == .revoking || state.phase == .draining else { return }
        guard let delivered = state.delivered, let committed = state.committed, delivered <= committed else { return }
        report("\(state.partition) is \(state.phase), and all of it is committed")
    }

    /// Nobody who is stalled gets anything while others are there.
    private mutating func checkReceiver(
        _ owner: MemberID,
        of partition: TopicPartition,
        _ description: GroupDescription
    ) {
        guard let member = description.members.first(where: { $0.id == owner }), member.isStalled,
            description.members.contains(where: { $0.connection != nil && !$0.isStalled }),
            !resetting.contains(partition)
        else { return }
        report("\(partition) went to \(owner), which is stalled")
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
        report("\(state.partition) is \(state.phase) under absent \(before.owner), before its session timeout")
    }

    /// A holder goes when all is committed, when it agreed, or at the commit timeout; a static one not before its
    /// session timeout.
    private mutating func checkMove(
        _ before: Watched,
        _ state: GroupDescription.PartitionDescription,
        _ description: GroupDescription,
        at time: Int64
    ) {
        let partition = state.partition
        if let owner = state.owner, state.epoch <= before.epoch {
            report("\(partition) went to \(owner) in epoch \(state.epoch.value), not above \(before.epoch.value)")
        }
        guard !excused.contains(partition), !excusedMembers.contains(before.owner) else { return }
        let isFinished = before.delivered <= committed[partition] ?? .zero
        if !isFinished, time < before.leaseFrom + commitTimeout {
            report("\(partition) taken from \(before.owner) with uncommitted records, before its time")
        }
        if before.phase == .owned, let since = absentSince[before.owner], time < since + sessionTimeout {
            report("\(partition) taken from absent \(before.owner), before its session timeout")
        }
        let isThere = description.members.contains { $0.id == before.owner && $0.connection != nil }
        let wasThere = returnedAt[before.owner].map { $0 <= before.leaseFrom } ?? false
        if !isFinished, isThere, wasThere, before.isSeenWhole, !before.isWarned {
            report("\(partition) taken from \(before.owner) without a warning")
        }
    }

    /// No more moves than it takes to make the shares of those who are there as equal as can be.
    ///
    /// What was taken for another reason than balance counts as nobody's.
    private mutating func checkMovement(
        from former: GroupDescription,
        to description: GroupDescription,
        at time: Int64
    ) {
        let connected = description.members.filter { $0.connection != nil }
        let lively = connected.filter { !$0.isStalled }
        let receivers = Set((lively.isEmpty ? connected : lively).map(\.id))
        let living = Set(description.members.map(\.id))
        let now = Dictionary(uniqueKeysWithValues: description.partitions.map { ($0.partition, $0) })
        var held: [MemberID: Int] = Dictionary(uniqueKeysWithValues: receivers.map { ($0, 0) })
        var lost = 0
        var slotCount = 0
        for before in former.partitions {
            guard let after = now[before.partition] else { continue }
            // What an absent member keeps is no part of the sum.
            if let owner = before.owner, before.phase == .owned, absentSince[owner] != nil, living.contains(owner) {
                continue
            }
            slotCount += 1
            guard let owner = before.owner, before.phase == .owned, isHeldStill(before, at: time),
                receivers.contains(owner)
            else { continue }
            held[owner, default: 0] += 1
            if after.owner != owner || after.epoch != before.epoch || after.phase != .owned { lost += 1 }
        }
        slotCount += max(0, description.partitions.count - former.partitions.count)
        guard lost > 0 else { return }
        let least = Self.leastMoves(Array(held.values), slots: slotCount)
        if lost > least {
            report("\(lost) partitions were taken where \(least) would do: \(slotCount) for \(held.values.sorted())")
        }
    }

    private func isHeldStill(_ before: GroupDescription.PartitionDescription, at time: Int64) -> Bool {
        guard !excused.contains(before.partition), let state = watched[before.partition] else { return false }
        let isUncommitted = state.delivered > committed[before.partition] ?? .zero
        return !(isUncommitted && time >= state.leaseFrom + commitTimeout)
    }

    /// What each holds above a fair share must move; the larger shares go to those who hold most.
    package static func leastMoves(_ held: [Int], slots: Int) -> Int {
        guard !held.isEmpty else { return 0 }
        let (base, extra) = slots.quotientAndRemainder(dividingBy: held.count)
        return held.sorted(by: >).enumerated().reduce(0) {
            $0 + max(0, $1.element - base - ($1.offset < extra ? 1 : 0))
        }
    }

    // MARK: Crashes

    /// When each lease began: kept with every outcome, to go back to what survives a crash.
    var leases: [TopicPartition: Int64] { watched.mapValues(\.leaseFrom) }

    /// What a crash takes back was never told to anybody, so it is forgotten here too: also that a hand-over was given
    /// more time.
    mutating func crashed(_ description: GroupDescription?, _ marks: SimulatedLog.Marks, at time: Int64) {
        guard let description else { return forgetGroup() }
        let known = Set(description.partitions.map(\.partition))
        watched = watched.filter { known.contains($0.key) }
        heardAt = Dictionary(uniqueKeysWithValues: description.members.map { ($0.id, time) })
        absentSince = heardAt
        returnedAt = [:]
        announced = []
        if marks.emptySince != description.emptySince {
            report(
                "without members since \(String(describing: marks.emptySince)), not \(String(describing: description.emptySince))"
            )
        }
        committed = [:]
        for state in description.partitions {
            committed[state.partition] = state.committed
            if let acknowledged = acknowledged[state.partition], (state.committed ?? .zero) < acknowledged {
                report(
                    "\(state.partition) stands at \(state.committed ?? .zero), after \(acknowledged) was acknowledged"
                )
            }
            crashed(state, marks, at: time)
        }
    }

    private mutating func crashed(
        _ state: GroupDescription.PartitionDescription,
        _ marks: SimulatedLog.Marks,
        at time: Int64
    ) {
        let former = watched[state.partition]
        guard let owner = state.owner else { return watched[state.partition] = nil }
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
        watched[state.partition]?.isSeenWhole = false
        watched[state.partition]?.isWarned = false
        // A lease of what is owned begins with the process; a hand-over keeps its end.
        watched[state.partition]?.leaseFrom = time
        guard state.phase != .owned else { return }
        if let lease = marks.leases[state.partition] { watched[state.partition]?.leaseFrom = lease }
        if let delivered = state.delivered { watched[state.partition]?.delivered = delivered }
    }
}
