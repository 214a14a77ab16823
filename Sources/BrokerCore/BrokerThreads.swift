import SegmentStore
import Synchronization

/// The two threads that write: the journal's and the flusher's.
final class BrokerThreads: Sendable {
    private struct Running {
        let journal: DedicatedThread
        let flusher: DedicatedThread
    }

    private let queue: AppendQueue
    private let journal: JournalThread
    private let flusher: FlusherThread
    private let running = Mutex<Running?>(nil)

    init(_ parts: BrokerParts) {
        queue = parts.queue
        flusher = FlusherThread(store: parts.store, queue: parts.queue, failure: parts.failure)
        journal = JournalThread(
            store: parts.store,
            queue: parts.queue,
            flusher: flusher,
            clock: parts.clock,
            metrics: BrokerMetrics(),
            failure: parts.failure,
            checkpointIntervalMilliseconds: parts.configuration.checkpointIntervalMilliseconds
        )
    }

    /// A broker that is let go without a stop writes what is queued, and its threads end by themselves.
    deinit {
        queue.close()
        flusher.stop()
    }

    /// Starts both.
    func start() {
        running.withLock { running in
            precondition(running == nil, "the broker was started twice")
            running = Running(
                journal: DedicatedThread(name: "journal") { [journal] in journal.run() },
                flusher: DedicatedThread(name: "flusher") { [flusher] in flusher.run() }
            )
        }
    }

    /// Lets the queue run dry and ends both.
    ///
    /// Blocks.
    func stop() {
        let threads = running.withLock { running in
            defer { running = nil }
            return running
        }
        queue.close()
        threads?.journal.join()
        // Whatever the journal thread captured last is completed before the flusher goes.
        flusher.stop()
        threads?.flusher.join()
    }
}
