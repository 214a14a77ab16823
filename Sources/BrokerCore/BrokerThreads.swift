import SegmentStore
import Synchronization

/// The threads that write, the journal's and the flusher's, and those that look after what was written: scrub, compaction,
/// maintenance.
final class BrokerThreads: Sendable {
    private struct Running {
        let journal: DedicatedThread
        let flusher: DedicatedThread
        let scrub: DedicatedThread
        let compaction: DedicatedThread
        let maintenance: DedicatedThread
    }

    private let queue: AppendQueue
    private let journal: JournalThread
    private let flusher: FlusherThread
    private let scrub: ScrubThread
    let compaction: CompactionThread
    let maintenance: MaintenanceThread
    private let running = Mutex<Running?>(nil)

    init(_ parts: BrokerParts) {
        queue = parts.queue
        scrub = ScrubThread(parts)
        maintenance = MaintenanceThread(parts)
        flusher = FlusherThread(
            store: parts.store,
            queue: parts.queue,
            clock: parts.clock,
            failure: parts.failure,
            logger: parts.logger
        )
        compaction = CompactionThread(parts)
        journal = JournalThread(
            store: parts.store,
            queue: parts.queue,
            flusher: flusher,
            clock: parts.clock,
            metrics: BrokerMetrics(parts.configuration.metrics),
            failure: parts.failure,
            checkpointIntervalMilliseconds: parts.configuration.checkpointIntervalMilliseconds
        )
    }

    /// A broker that is let go without a stop writes what is queued, and its threads end by themselves.
    deinit {
        compaction.stop()
        maintenance.stop()
        queue.close()
        flusher.stop()
        scrub.stop()
    }

    /// How far the check of stored bytes has come.
    var scrubReport: ScrubReport { scrub.report }

    /// Starts all.
    func start() {
        running.withLock { running in
            precondition(running == nil, "the broker was started twice")
            running = Running(
                journal: DedicatedThread(name: "journal") { [journal] in journal.run() },
                flusher: DedicatedThread(name: "flusher") { [flusher] in flusher.run() },
                scrub: DedicatedThread(name: "scrub") { [scrub] in scrub.run() },
                compaction: DedicatedThread(name: "compaction") { [compaction] in compaction.run() },
                maintenance: DedicatedThread(name: "maintenance") { [maintenance] in maintenance.run() }
            )
        }
    }

    /// Lets the queue run dry and ends all.
    ///
    /// Blocks.
    func stop() {
        let threads = running.withLock { running in
            defer { running = nil }
            return running
        }
        scrub.stop()
        threads?.scrub.join()
        // A compaction under way ends between two pieces; what it had not switched over is removed.
        compaction.stop()
        threads?.compaction.join()
        maintenance.stop()
        threads?.maintenance.join()
        queue.close()
        threads?.journal.join()
        // Whatever the journal thread captured last is completed before the flusher goes.
        flusher.stop()
        threads?.flusher.join()
    }
}
