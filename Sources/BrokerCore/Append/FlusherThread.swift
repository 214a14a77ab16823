import Logging
import SegmentStore
import Synchronization

/// The thread that completes checkpoints: it flushes what the journal thread captured and lets the ring move on.
///
/// Until the next one begins, what a checkpoint covers stays in memory for readers that lag a little.
/// Between checkpoints it gives the device what rounds have written, in small steps, and while the volume is full it looks
/// every second whether there is room again.
///
/// Concurrency: at most one checkpoint is under way, because the store captures no other until it is complete. The lock
/// guards a slot of one; the flush runs outside of it.
final class FlusherThread: Sendable {
    private struct State {
        var checkpoint: Checkpoint?
        var isStopped = false
        /// When the checkpoint under way began.
        var begin: MonotonicInstant?
        var lastMilliseconds: Int64 = 0
        /// When the volume is looked at next, once a timer is set for it.
        var nextLook: MonotonicInstant?
        var wasFull = false
    }

    /// How often a full volume is looked at, and a checkpoint that found no room is tried again.
    static let retryMilliseconds: Int64 = 1000

    /// How long the tails that a checkpoint covers stay in memory when no other one follows: two of the usual intervals.
    static let lingerMilliseconds: Int64 = 2000

    private let store: LogStore
    private let queue: AppendQueue
    private let clock: any MonotonicClock
    private let failure: FailureLatch
    private let logger: Logger
    private let state = Mutex(State())
    private let parker = ThreadParker()

    init(
        store: LogStore,
        queue: AppendQueue,
        clock: any MonotonicClock,
        failure: FailureLatch,
        logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.clock = clock
        self.failure = failure
        self.logger = logger
    }

    /// Takes a captured checkpoint over; called by the journal thread.
    func take(_ checkpoint: Checkpoint) {
        state.withLock { state in
            precondition(state.checkpoint == nil, "a checkpoint was captured while another one waits")
            state.checkpoint = checkpoint
        }
        parker.unpark()
    }

    /// Lets the thread see whether there is something to do: writeback to begin, or a volume that is full.
    func wake() {
        parker.unpark()
    }

    /// How long a checkpoint takes: the last one, or the one under way if that has taken longer.
    var checkpointMilliseconds: Int64 {
        let now = clock.now
        return state.withLock { state in
            max(state.lastMilliseconds, state.begin.map { now.milliseconds - $0.milliseconds } ?? 0)
        }
    }

    /// Ends the thread after the checkpoint under way.
    func stop() {
        state.withLock { $0.isStopped = true }
        parker.unpark()
    }

    /// Runs until stopped, or until a flush fails.
    func run() {
        // What the last checkpoint covers and is in memory all the same, and until when.
        var lingering: (tails: CoveredTails, until: MonotonicInstant)?
        while true {
            let (checkpoint, isStopped) = state.withLock { state in
                defer { state.checkpoint = nil }
                return (state.checkpoint, state.isStopped)
            }
            if let checkpoint {
                lingering?.tails.letGo()
                guard complete(checkpoint) else { return }
                lingering = (checkpoint.tails, wakeAfterLingering())
            } else if isStopped {
                return
            } else {
                if let (tails, until) = lingering, until <= clock.now {
                    tails.letGo()
                    lingering = nil
                }
                guard let hasBegun = startWriteback() else { return }
                lookForRoom()
                if !hasBegun { parker.park() }
            }
        }
    }

    /// Wakes the thread when tails have been in memory for long enough, should no checkpoint come; returns when.
    private func wakeAfterLingering() -> MonotonicInstant {
        let until = clock.now.advanced(byMilliseconds: Self.lingerMilliseconds)
        _ = clock.schedule(at: until) { [parker] in parker.unpark() }
        return until
    }

    /// - Returns: whether the thread may go on.
    private func complete(_ checkpoint: Checkpoint) -> Bool {
        let begin = clock.now
        state.withLock { $0.begin = begin }
        do {
            while try !completed(checkpoint) {
                // Nothing is lost: the journal keeps everything, and slows producers when it runs out of room.
                guard waitForRetry() else {
                    store.abandon(checkpoint)
                    break
                }
            }
        } catch {
            failure.fail(error.description)
            queue.wakeJournal()
            return false
        }
        let end = clock.now
        state.withLock { state in
            state.begin = nil
            state.lastMilliseconds = end.milliseconds - begin.milliseconds
        }
        // The journal thread may wait for room in the ring.
        queue.wakeJournal()
        return true
    }

    /// - Returns: false when there was no room for it, or no descriptor.
    private func completed(_ checkpoint: Checkpoint) throws(StorageError) -> Bool {
        do throws(StorageError) {
            try store.complete(checkpoint, keepsTails: true)
            return true
        } catch {
            guard case .io = error else { throw error }
            logger.warning("a checkpoint has to wait: \(error)")
            return false
        }
    }

    /// Waits a while.
    /// - Returns: false when the thread is to stop instead.
    private func waitForRetry() -> Bool {
        let deadline = clock.now.advanced(byMilliseconds: Self.retryMilliseconds)
        let timer = clock.schedule(at: deadline) { [parker] in parker.unpark() }
        defer { clock.cancel(timer) }
        while clock.now < deadline {
            if state.withLock({ $0.isStopped }) { return false }
            parker.park()
        }
        return true
    }

    /// Begins one step of writeback if one is due.
    /// - Returns: whether there was one; nil when the storage has failed.
    private func startWriteback() -> Bool? {
        do {
            return try store.startWriteback()
        } catch {
            failure.fail(error.description)
            queue.wakeJournal()
            return nil
        }
    }

    /// While the volume is full: looks at it when a second has passed, and sets the timer for the next look.
    private func lookForRoom() {
        let now = clock.now
        let isDue = state.withLock { state in
            guard let next = state.nextLook, next <= now else { return false }
            state.nextLook = nil
            return true
        }
        if isDue { store.updateSpace() }
        let isFull = store.isFull
        let (wasFull, sets) = state.withLock { state in
            let wasFull = state.wasFull
            state.wasFull = isFull
            let sets = isFull && state.nextLook == nil
            if sets { state.nextLook = now.advanced(byMilliseconds: Self.retryMilliseconds) }
            return (wasFull, sets)
        }
        if sets {
            _ = clock.schedule(at: now.advanced(byMilliseconds: Self.retryMilliseconds)) { [parker] in parker.unpark() }
        }
        if isFull != wasFull {
            logger.warning(
                isFull ? "the volume is full: no records are taken" : "the volume has room: records are taken"
            )
        }
    }
}
