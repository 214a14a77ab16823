import Logging
import SegmentStore
import Synchronization

/// The thread that looks after what is stored: it walks over all partitions from time to time, and does each job for each.
///
/// Concurrency: one walk at a time, in program order. The lock is a leaf; jobs run outside of it.
final class MaintenanceThread: Sendable {
    private struct State {
        var isStopped = false
        /// Whether a walk is wanted before the next one is due.
        var isWanted = false
        /// Walks that are over; for tests.
        var walkCount = 0
    }

    private let store: LogStore
    private let registry: TopicRegistry
    private let jobs: [any MaintenanceJob]
    private let clock: any MonotonicClock
    private let failure: FailureLatch
    private let logger: Logger
    private let intervalMilliseconds: Int64
    private let state = Mutex(State())
    private let parker = ThreadParker()

    init(_ parts: BrokerParts) {
        store = parts.store
        registry = parts.registry
        jobs = [
            RetentionJob(store: parts.store, queue: parts.queue, registry: parts.registry, logger: parts.logger)
        ]
        clock = parts.clock
        failure = parts.failure
        logger = parts.logger
        intervalMilliseconds = parts.configuration.maintenanceIntervalMilliseconds
    }

    /// How many walks are over.
    var walkCount: Int { state.withLock { $0.walkCount } }

    /// Asks for a walk now: there is something to remove.
    func wake() {
        state.withLock { $0.isWanted = true }
        parker.unpark()
    }

    /// Ends the thread after the job under way.
    func stop() {
        state.withLock { $0.isStopped = true }
        parker.unpark()
    }

    /// Runs until stopped, or until the storage fails.
    func run() {
        var due = clock.now.advanced(byMilliseconds: intervalMilliseconds)
        while true {
            let (isStopped, isWanted) = state.withLock { state in
                defer { state.isWanted = false }
                return (state.isStopped, state.isWanted)
            }
            if isStopped || failure.reason != nil { break }
            if isWanted || clock.now >= due {
                walk()
                due = clock.now.advanced(byMilliseconds: intervalMilliseconds)
                state.withLock { $0.walkCount += 1 }
            } else {
                sleep(until: due)
            }
        }
    }

    private func sleep(until due: MonotonicInstant) {
        let timer = clock.schedule(at: due) { [parker] in parker.unpark() }
        parker.park()
        clock.cancel(timer)
    }

    private func walk() {
        for topic in registry.all {
            for partition in topic.partitions {
                for job in jobs {
                    if state.withLock({ $0.isStopped }) { return }
                    guard run(job, partition, topic) else { return }
                }
            }
        }
        do {
            try store.removeRetiredFiles()
        } catch {
            failure.fail(error.description)
        }
    }

    /// - Returns: false when the storage has failed.
    private func run(_ job: any MaintenanceJob, _ partition: Partition, _ topic: Topic) -> Bool {
        do {
            try job.run(partition, of: topic)
            return true
        } catch {
            switch error {
            case .outcomeUnknown, .stopped:
                failure.fail(error.description)
                return false
            default:
                logger.error("maintenance of \(partition.identity) failed, and is tried again: \(error)")
                return true
            }
        }
    }
}
