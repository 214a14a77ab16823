import BrokerCore

/// A wait at the end of what a stream follows.
///
/// It is over when there is more, when the client changes what it takes, or at its deadline, which a ``StreamAlarm`` keeps.
public struct StreamWait: Sendable {
    /// Why it is over.
    public struct End: Sendable {
        /// Nil where the client has changed what it takes.
        let reason: WakeReason?

        /// The deadline has come.
        public static let timedOut = End(reason: .timedOut)
    }

    let engine: any BrokerEngine
    let cursor: Cursor
    let deadline: MonotonicInstant
    /// Where the client's commands are left that end the wait too.
    let inbox: CreditInbox?

    /// What is waited for: waits for the same are over at the same moment, but for their deadlines and clients.
    public var place: Place { Place(engine: ObjectIdentifier(engine), cursor: cursor) }

    /// Calls `action` when there is something for those who wait in this place; perhaps at once, from any thread.
    ///
    /// - Returns: what forgets the wait; to be called once.
    public func notify(_ action: @escaping @Sendable (End) -> Void) -> @Sendable () -> Void {
        engine.notify(past: cursor) { action(End(reason: $0)) }
    }

    /// Whether the deadline has come.
    public var isOver: Bool { deadline <= engine.clock.now }

    /// Whether the client can change what it takes.
    public var hasClient: Bool { inbox != nil }

    /// Calls `action` when the client changes what it takes; perhaps at once, perhaps more than once, from any thread.
    public func listen(_ action: @escaping @Sendable (End) -> Void) {
        inbox?.listen { action(End(reason: nil)) }
    }

    /// The client's changes end nothing any more.
    public func stopListening() {
        inbox?.listen(nil)
    }

    /// The place in a log, or in several, past which streams wait.
    public struct Place: Hashable, Sendable {
        fileprivate let engine: ObjectIdentifier
        fileprivate let cursor: Cursor

        /// Of few places; which topics they are is left to the comparison.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(cursor.positions.count)
            hasher.combine(cursor.positions.first?.topicID)
            hasher.combine(cursor.positions.first?.partition)
            hasher.combine(cursor.positions.first?.next)
        }
    }
}

/// The deadline of a stream's waits: one timer over many of them, since mostly a wait's deadline is not before the last one's.
///
/// So a delivery at the tail sets and cancels none. Used by one thread, which the timer's action tells that it rang.
public struct StreamAlarm: Sendable {
    private var armed: (at: MonotonicInstant, timer: TimerToken, clock: any MonotonicClock)?

    /// An alarm that is not set.
    public init() {}

    /// Whether it would ring after the wait's deadline, or never.
    public func needsSetting(for wait: StreamWait) -> Bool { needsSetting(at: wait.deadline) }

    /// Sees to it that `ring` is called, from any thread, not after the wait's deadline; perhaps before it.
    public mutating func set(for wait: StreamWait, _ ring: @escaping @Sendable () -> Void) {
        set(at: wait.deadline, on: wait.engine.clock, ring)
    }

    mutating func set(
        at deadline: MonotonicInstant,
        on clock: any MonotonicClock,
        _ ring: @escaping @Sendable () -> Void
    ) {
        guard needsSetting(at: deadline) else { return }
        cancel()
        armed = (deadline, clock.schedule(at: deadline, ring), clock)
    }

    private func needsSetting(at deadline: MonotonicInstant) -> Bool { armed.map { $0.at > deadline } ?? true }

    /// It rang: it has to be set again for whoever waits on.
    public mutating func rang() {
        // What was cancelled may ring all the same.
        if let armed, armed.at <= armed.clock.now { self.armed = nil }
    }

    /// Nobody waits any more.
    public mutating func cancel() {
        if let armed { armed.clock.cancel(armed.timer) }
        armed = nil
    }
}
