extension GroupMember {
    /// Takes the group's events until the membership ends or the task is cancelled.
    func pump() async {
        var source = MemberSource(client: client, options: options, delivery: settings.delivery)
        var end: MillraceError?
        do throws(MillraceError) {
            while let event = try await source.next() {
                end = await take(event) ?? end
                await waitForRoom(&source)
            }
            end = end ?? .ended(reason: "the broker ended the stream")
        } catch {
            end = error
        }
        finish(Task.isCancelled ? nil : end)
    }

    /// The membership is over.
    private func finish(_ end: MillraceError?) {
        state.withLock { $0.end = end ?? .ended(reason: "the member has left") }
        enter(.ended(end))
        arrived.close()
    }

    /// Makes an event true here, then tells of it; returns why the membership ends, if it does.
    private func take(_ event: GroupEvent) async -> MillraceError? {
        if case .record(let record) = event {
            if state.withLock({ !$0.isStopped && $0.ledger.arrive(record) }) { arrived.set() }
            return nil
        }
        await settings.callbacks.event?(event)
        switch event {
        case .joined(let membership): join(membership)
        case .assigned(_, let partitions): await assign(partitions)
        case .revoking(let partitions, let deadline):
            state.withLock { $0.ledger.revoke(partitions) }
            await settings.callbacks.revoking?(partitions, deadline)
            commitNow()
        case .revoked(let partitions):
            state.withLock { $0.ledger.remove(partitions) }
            await settings.callbacks.revoked?(partitions)
        case .leaseWarning:
            commitNow()
            warned.set()
        case .paused: commitNow()
        case .disconnected(let error, let delay): enter(.reconnecting(error, after: delay))
        case .goodbye(let goodbye) where !goodbye.reconnect: return .ended(reason: goodbye.reason)
        case .goodbye(let goodbye):
            enter(
                .reconnecting(.disconnected(reason: "the broker said goodbye: \(goodbye.reason)"), after: goodbye.delay)
            )
        case .problem(let problem): return .refused(problem)
        case .record, .resumed, .bookmark, .gap, .other: break
        }
        return nil
    }

    private func join(_ membership: GroupMembership) {
        state.withLock { state in
            state.ledger.join(anotherMember: state.membership?.member != membership.member)
            state.membership = membership
        }
        enter(.connected(membership))
        // What could not be committed while the connection was away can be now.
        dirty.set()
    }

    private func assign(_ partitions: [GroupPartition]) async {
        let (gained, lost) = state.withLock { $0.ledger.assign(partitions) }
        if !lost.isEmpty { await settings.callbacks.revoked?(lost) }
        await settings.callbacks.assigned?(gained)
    }

    private func commitNow() {
        dirty.set()
        urgent.set()
    }

    /// Reads no further while too much waits; an explicit member says meanwhile that it lives.
    private func waitForRoom(_ source: inout MemberSource) async {
        while isFull, !Task.isCancelled {
            await room.wait(atMost: source.heartbeatInterval)
            guard isFull else { return }
            await source.heartbeat()
            if state.withLock({ $0.isStopped }) { return }
        }
    }

    private var isFull: Bool {
        state.withLock {
            $0.ledger.waitingCount >= settings.waitingRecordsMax || $0.ledger.waitingBytes >= settings.waitingBytesMax
        }
    }
}

/// Where a member's events come from.
enum MemberSource {
    case stream(GroupStream.AsyncIterator)
    case polling(GroupPolling.AsyncIterator)

    init(client: MillraceClient, options: GroupJoinOptions, delivery: MemberSettings.Delivery) {
        switch delivery {
        case .stream: self = .stream(client.joinGroup(options).makeAsyncIterator())
        case .longPoll: self = .polling(client.pollGroup(options).makeAsyncIterator())
        }
    }

    mutating func next() async throws(MillraceError) -> GroupEvent? {
        switch self {
        case .stream(var events):
            defer { self = .stream(events) }
            return try await events.nextEvent()
        case .polling(var events):
            defer { self = .polling(events) }
            return try await events.nextEvent()
        }
    }

    /// How often a heartbeat is due while nothing is asked for.
    var heartbeatInterval: Duration {
        switch self {
        case .stream: .seconds(3600)
        case .polling(let events): events.heartbeatInterval
        }
    }

    mutating func heartbeat() async {
        guard case .polling(var events) = self else { return }
        await events.heartbeat()
        self = .polling(events)
    }
}
