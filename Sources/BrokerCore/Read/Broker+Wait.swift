import RecordFormat

extension Broker {
    /// Waits until some partition of the cursor has a visible record at or past it, or until the deadline, or a drain.
    ///
    /// Cost: one dictionary entry a partition, one timer, no hop; the task sleeps until it is woken.
    public func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason {
        let waiter = Waiter()
        var tails: [TailSignal] = []
        defer { for tail in tails { tail.remove(waiter) } }
        for position in cursor.positions where !position.isAtEnd {
            // A partition that cannot be found is news too: the read that follows tells what happened to it.
            guard let partition = try? registry.partition(of: position) else { return .moved }
            if let reason = partition.tail.register(waiter, past: position.next) { return reason }
            tails.append(partition.tail)
        }
        // Whoever adds a partition enters it into the registry before it wakes the tails: it is seen here or wakes us.
        if registry.isOutgrown(cursor) { return .moved }
        if cursor.positions.isEmpty {
            if let reason = lifeSignal.register(waiter, past: .zero) { return reason }
            tails.append(lifeSignal)
        }
        return await waiter.sleep(until: deadline, on: clock)
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
