import RecordFormat

extension Broker {
    /// Waits until some partition of the cursor has a visible record at or past it, or until the deadline, or a drain.
    ///
    /// Cost: one dictionary entry a partition, one timer, no hop; the task sleeps until it is woken.
    public func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason {
        let waiter = Waiter()
        let (tails, reason) = enter(waiter, past: cursor)
        defer { for tail in tails { tail.remove(waiter) } }
        if let reason { return reason }
        return await waiter.sleep(until: deadline, on: clock)
    }

    /// Calls `action` once some partition of the cursor has a visible record at or past it, or at a drain.
    ///
    /// Cost: one dictionary entry a partition; no task, no timer.
    public func notify(
        past cursor: Cursor,
        _ action: @escaping @Sendable (WakeReason) -> Void
    ) -> @Sendable () -> Void {
        let waiter = Waiter(calling: action)
        let (tails, reason) = enter(waiter, past: cursor)
        if let reason { waiter.fire(reason) }
        return {
            for tail in tails { tail.remove(waiter) }
        }
    }

    /// Enters a waiter wherever there may be news for it; a reason means that there is no need to wait.
    private func enter(_ waiter: Waiter, past cursor: Cursor) -> (tails: [TailSignal], reason: WakeReason?) {
        var tails: [TailSignal] = []
        for position in cursor.positions where !position.isAtEnd {
            // A partition that cannot be found is news too: the read that follows tells what happened to it.
            guard let partition = try? registry.partition(of: position) else { return (tails, .moved) }
            if let reason = partition.tail.register(waiter, past: position.next) { return (tails, reason) }
            tails.append(partition.tail)
        }
        // Whoever adds a partition enters it into the registry before it wakes the tails: it is seen here or wakes us.
        if registry.isOutgrown(cursor) { return (tails, .moved) }
        if cursor.positions.isEmpty {
            if let reason = lifeSignal.register(waiter, past: .zero) { return (tails, reason) }
            tails.append(lifeSignal)
        }
        return (tails, nil)
    }
}

extension Waiter {
    /// Sleeps until fired, at the latest until the deadline.
    func sleep(until deadline: MonotonicInstant?, on clock: any MonotonicClock) async -> WakeReason {
        guard let deadline else { return await wait() }
        if deadline <= clock.now { fire(.timedOut) }
        let timer = clock.schedule(at: deadline) { self.fire(.timedOut) }
        defer { clock.cancel(timer) }
        return await wait()
    }
}
