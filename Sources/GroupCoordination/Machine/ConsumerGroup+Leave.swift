import RecordFormat

/// Going: by request, by a lost connection, by the end of the session.
extension ConsumerGroup {
    /// A member says that it is done.
    ///
    /// It will work on nothing any more, so nothing is waited for.
    mutating func leave(_ leave: GroupLeave, now: GroupNow, changes: inout GroupChanges) {
        guard let member = members[leave.member], !member.isGone else {
            return changes.reply(leave.request, .refused(.unknownMember(name, leave.member)))
        }
        for partition in partitions(heldBy: member.id) {
            setHolder(nil, of: partition, changes: &changes)
        }
        remove(member, reason: .left, changes: &changes)
        history.note(.memberLeft(member.id))
        changes.reply(leave.request, .left)
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// A connection was lost.
    ///
    /// A static member keeps its partitions for the session timeout; those of another move as soon as there is somebody
    /// to move to and nothing delivered is uncommitted.
    mutating func disconnect(_ id: MemberID, now: GroupNow, changes: inout GroupChanges) {
        guard members[id]?.isConnected == true else { return }
        let deadline = now.monotonicMilliseconds + rules.sessionTimeout
        members[id]?.presence = .disconnected(until: deadline)
        history.note(.connectionLost(id))
        wake(at: deadline)
        reconcileUnlessCollecting(now: now, changes: &changes)
    }

    /// The session of a member is over.
    ///
    /// What it still holds drains.
    mutating func expire(_ id: MemberID, now: GroupNow, changes: inout GroupChanges) {
        guard let member = members[id] else { return }
        if let connection = member.connection {
            changes.goodbye(connection, name, id, .sessionTimedOut, reconnect: true)
        }
        if let instance = member.instance { instances[instance] = nil }
        members[id]?.presence = .gone
        history.note(.sessionTimedOut(id))
        changes.members.insert(id)
        raiseEpoch(&changes)
        for partition in partitions(heldBy: id) {
            drain(partition, now: now, changes: &changes)
        }
    }

    /// Takes a member out that holds nothing.
    mutating func remove(_ member: GroupMember, reason: GoodbyeReason, changes: inout GroupChanges) {
        members[member.id] = nil
        if let instance = member.instance { instances[instance] = nil }
        changes.members.insert(member.id)
        raiseEpoch(&changes)
        if let connection = member.connection { changes.goodbye(connection, name, member.id, reason) }
    }

    /// Forgets members that are gone and hold nothing any more.
    mutating func bury(_ changes: inout GroupChanges) {
        guard members.values.contains(where: \.isGone) else { return }
        let holders = Set(topics.values.flatMap { $0.partitions.compactMap { $0.holder?.member } })
        for member in members.values where member.isGone && !holders.contains(member.id) {
            members[member.id] = nil
            changes.members.insert(member.id)
        }
    }
}
