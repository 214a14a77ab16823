import RecordFormat

/// Joining, and taking over: how a connection becomes a member.
extension ConsumerGroup {
    /// Carries out a join whose topics and limits `refusal(of:)` has passed.
    mutating func join(_ join: GroupJoin, now: GroupNow, changes: inout GroupChanges) {
        adopt(join.topics, now: now, changes: &changes)
        if members[join.member] != nil {
            // The same request a second time: the first one's answer was lost.
            resume(join.member, on: presence(join.presence, join.connection, now), now: now, changes: &changes)
        } else if let instance = join.instance, let former = instances[instance] {
            replace(former, by: join, now: now, changes: &changes)
        } else {
            add(join, now: now, changes: &changes)
        }
        askForStarts(&changes)
        replyJoined(join.request, join.member, &changes)
    }

    /// Why a join cannot be carried out, or `nil`.
    func refusal(of join: GroupJoin) -> GroupRefusal? {
        let requested = join.topics.map(\.name).sorted()
        guard requested.isEmpty || requested == Array(topics.keys) || isPlanted(.otherTopicsAccepted) else {
            return .otherTopics(name, current: Array(topics.keys), requested: requested)
        }
        if members[join.member]?.isGone == true { return .unknownMember(name, join.member) }
        let isReplacing = members[join.member] != nil || join.instance.map { instances[$0] != nil } == true
        let max = min(rules.membersMax, configuration.membersPerGroupMax)
        return isReplacing || livingCount < max ? nil : .tooManyMembers(max: max)
    }

    /// How a member that comes now is there.
    private func presence(_ kind: GroupPresence, _ connection: ConnectionID, _ now: GroupNow) -> GroupMember.Presence {
        switch kind {
        case .connection: .connected(connection)
        case .heartbeats: .heartbeating(connection, until: now.monotonicMilliseconds + rules.sessionTimeout)
        }
    }

    /// A connection comes with a session: everything that was not given away meanwhile is told again.
    mutating func reconnect(_ reconnect: GroupReconnect, now: GroupNow, changes: inout GroupChanges) {
        guard let member = members[reconnect.member], !member.isGone else {
            return changes.reply(reconnect.request, .refused(.unknownMember(name, reconnect.member)))
        }
        let presence = presence(reconnect.presence, reconnect.connection, now)
        resume(member.id, on: presence, now: now, changes: &changes)
        askForStarts(&changes)
        replyJoined(reconnect.request, member.id, &changes, isResumed: true)
    }

    /// An explicit member says that it is there, on whatever connection.
    ///
    /// Of a member with a connection it is a sign of life only; one without gets more time to come back.
    mutating func heartbeat(_ heartbeat: GroupHeartbeat, now: GroupNow, changes: inout GroupChanges) {
        guard let member = members[heartbeat.member], !member.isGone else {
            return changes.reply(heartbeat.request, .refused(.unknownMember(name, heartbeat.member)))
        }
        isThere(member.id, now: now)
        if case .disconnected = member.presence {
            members[member.id]?.presence = .disconnected(until: now.monotonicMilliseconds + rules.sessionTimeout)
        }
        let assignment = partitions(heldBy: member.id).compactMap { partition in
            self[partition].map { LeasePartition(partition: partition, epoch: $0.epoch) }
        }
        let living = LivingMember(
            groupEpoch: epoch,
            assignment: assignment,
            sessionTimeoutMilliseconds: rules.sessionTimeout
        )
        changes.reply(heartbeat.request, .alive(living))
    }

    private mutating func add(_ join: GroupJoin, now: GroupNow, changes: inout GroupChanges) {
        let isAlone = !hasConnectedMembers
        let presence = presence(join.presence, join.connection, now)
        members[join.member] = GroupMember(
            id: join.member,
            instance: join.instance,
            epoch: MemberEpoch(1),
            joinedAt: now.wall,
            presence: presence,
            seenAt: now.monotonicMilliseconds
        )
        if let until = members[join.member]?.sessionDeadline { wake(at: until) }
        history.note(.memberJoined(join.member))
        if let instance = join.instance { instances[instance] = join.member }
        changes.members.insert(join.member)
        changes.bound.append((join.connection, join.member))
        raiseEpoch(&changes)
        let debounce =
            isAlone ? configuration.firstJoinDebounceMilliseconds : configuration.joinDebounceMilliseconds
        if debounce == 0 || isPlanted(.debounceOmitted) {
            reconcile(now: now, changes: &changes)
        } else {
            scheduleReconcile(after: debounce, now: now)
        }
    }

    private mutating func resume(
        _ id: MemberID,
        on presence: GroupMember.Presence,
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        guard let member = members[id] else { return }
        members[id]?.presence = presence
        members[id]?.isRecovered = false
        members[id]?.isStalled = false
        members[id]?.seenAt = now.monotonicMilliseconds
        guard let connection = members[id]?.connection else { return }
        if let former = member.connection, former != connection { fence(former, id, changes: &changes) }
        if let until = members[id]?.sessionDeadline { wake(at: until) }
        history.note(.memberReturned(id))
        for partition in partitions(heldBy: id) {
            resume(partition, now: now, changes: &changes)
        }
        changes.bound.append((connection, id))
        tellAll(id, now: now, changes: &changes)
        scheduleReconcile(after: configuration.joinDebounceMilliseconds, now: now)
    }

    /// Sends the former connection of a member away for good: two of them would take turns for ever.
    private func fence(_ connection: ConnectionID, _ id: MemberID, changes: inout GroupChanges) {
        if isPlanted(.formerConnectionKept) { return }
        changes.goodbye(connection, name, id, .fenced, reconnect: isPlanted(.fencedMayReconnect))
    }

    private mutating func resume(_ partition: TopicPartition, now: GroupNow, changes: inout GroupChanges) {
        update(partition) { state in
            guard var holder = state.holder, let committed = state.committed else { return }
            if case .revoking = holder.phase { return }
            if case .draining = holder.phase {
                holder.phase = .owned
                changes.partitions.insert(partition)
            }
            // After a restart delivery begins anew from the commit. What was delivered before it may still be committed
            // (`isSeenWhole` is false), but the session has agreed to begin here, so nothing else is waited for.
            let delivered = holder.delivered ?? committed.offset
            holder.delivered = delivered
            // The oldest uncommitted record is about to be delivered again, which begins its lease anew; should that not
            // come about, the lease counts from here.
            holder.isAwaitingRedelivery = delivered > committed.offset
            holder.lease = delivered > committed.offset ? Lease(startedAt: now.monotonicMilliseconds) : nil
            holder.deliveries =
                holder.lease == nil ? [] : [DeliveryMark(next: delivered, time: now.monotonicMilliseconds)]
            state.holder = holder
        }
        wakeForLease(of: partition)
    }

    /// Another process bears the instance: it gets what the former one had, under its own id and new epochs, so that
    /// nothing the former one still sends can land (KIP-345).
    private mutating func replace(
        _ former: MemberID,
        by join: GroupJoin,
        now: GroupNow,
        changes: inout GroupChanges
    ) {
        guard let old = members.removeValue(forKey: former), let instance = old.instance else { return }
        if let connection = old.connection { fence(connection, former, changes: &changes) }
        members[join.member] = GroupMember(
            id: join.member,
            instance: instance,
            epoch: old.epoch.next,
            joinedAt: now.wall,
            presence: presence(join.presence, join.connection, now),
            seenAt: now.monotonicMilliseconds
        )
        if let until = members[join.member]?.sessionDeadline { wake(at: until) }
        instances[instance] = join.member
        history.note(.instanceTakenOver(instance: instance, former: former, by: join.member))
        changes.members.formUnion([former, join.member])
        changes.bound.append((join.connection, join.member))
        for partition in partitions(heldBy: former) {
            handOver(partition, to: join.member, changes: &changes)
        }
        tellAll(join.member, now: now, changes: &changes)
        scheduleReconcile(after: configuration.joinDebounceMilliseconds, now: now)
    }

    private mutating func handOver(_ partition: TopicPartition, to member: MemberID, changes: inout GroupChanges) {
        let isRevoking: Bool
        if case .revoking = self[partition]?.holder?.phase { isRevoking = true } else { isRevoking = false }
        let epoch = self[partition]?.epoch
        // What was to be revoked need not be waited for: the process that was to finish it is fenced.
        setHolder(nil, of: partition, changes: &changes)
        if isRevoking { return }
        take(partition, by: member, changes: &changes)
        if isPlanted(.instanceEpochKept), let epoch { update(partition) { $0.epoch = epoch } }
    }

    /// Tells a new connection all that its member holds.
    private mutating func tellAll(_ id: MemberID, now: GroupNow, changes: inout GroupChanges) {
        members[id]?.isUnannounced = false
        changes.announce(to: id)
        for partition in partitions(heldBy: id) {
            guard let state = self[partition], let holder = state.holder, let committed = state.committed,
                let topicID = topics[partition.topic]?.id
            else { continue }
            if holder.phase == .owned {
                changes.assign(
                    AssignedPartition(
                        partition: partition,
                        topicID: topicID,
                        epoch: state.epoch,
                        start: committed.offset
                    ),
                    to: id
                )
            } else {
                let deadline = holder.lease?.deadline(after: commitTimeout) ?? now.monotonicMilliseconds
                changes.askBack(
                    LeasePartition(partition: partition, epoch: state.epoch),
                    from: id,
                    deadlineMilliseconds: deadline - now.monotonicMilliseconds
                )
            }
        }
    }

    private func replyJoined(
        _ request: RequestID,
        _ id: MemberID,
        _ changes: inout GroupChanges,
        isResumed: Bool = false
    ) {
        guard let member = members[id] else { return }
        let joined = JoinedMember(
            group: name,
            member: id,
            memberEpoch: member.epoch,
            groupEpoch: epoch,
            isResumed: isResumed || member.epoch.value > 1,
            sessionTimeoutMilliseconds: rules.sessionTimeout,
            commitTimeoutMilliseconds: commitTimeout
        )
        changes.reply(request, .joined(joined))
    }
}
