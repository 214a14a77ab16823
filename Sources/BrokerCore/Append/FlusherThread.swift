import SegmentStore
import Synchronization

/// The thread that completes checkpoints: it flushes what the journal thread captured and lets the ring move on.
///
/// Concurrency: at most one checkpoint is under way, because the store captures no other until it is complete. The lock
/// guards a slot of one; the flush runs outside of it.
final class FlusherThread: Sendable {
    private struct State {
        var checkpoint: Checkpoint?
        var isStopped = false
    }

    private let store: LogStore
    private let queue: AppendQueue
    private let failure: FailureLatch
    private let state = Mutex(State())
    private let parker = ThreadParker()

    init(store: LogStore, queue: AppendQueue, failure: FailureLatch) {
        self.store = store
        self.queue = queue
        self.failure = failure
    }

    /// Takes a captured checkpoint over; called by the journal thread.
    func take(_ checkpoint: Checkpoint) {
        state.withLock { state in
            precondition(state.checkpoint == nil, "a checkpoint was captured while another one waits")
            state.checkpoint = checkpoint
        }
        parker.unpark()
    }

    /// Ends the thread after the checkpoint under way.
    func stop() {
        state.withLock { $0.isStopped = true }
        parker.unpark()
    }

    /// Runs until stopped, or until a flush fails.
    func run() {
        while true {
            let (checkpoint, isStopped) = state.withLock { state in
                defer { state.checkpoint = nil }
                return (state.checkpoint, state.isStopped)
            }
            if let checkpoint {
                guard complete(checkpoint) else { return }
            } else if isStopped {
                return
            } else {
                parker.park()
            }
        }
    }

    private func complete(_ checkpoint: Checkpoint) -> Bool {
        do {
            try store.complete(checkpoint)
        } catch {
            failure.fail(error.description)
            queue.wakeJournal()
            return false
        }
        // The journal thread may wait for room in the ring.
        queue.wakeJournal()
        return true
    }
}
