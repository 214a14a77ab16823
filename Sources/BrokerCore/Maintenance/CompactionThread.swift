import Logging
import RecordFormat
import SegmentStore
import Synchronization

/// The thread that compacts: it looks through the partitions of compacted topics, and compacts those that are worth it, one
/// at a time and at a bounded pace.
///
/// Concurrency: the store holds one compaction at a time under a lock that nobody else waits for; appends and reads go on.
/// A stop is seen at the next piece that is read or written.
final class CompactionThread: Sendable {
    private let store: LogStore
    private let registry: TopicRegistry
    private let clock: any MonotonicClock
    private let wallClock: AppendClock
    private let configuration: CompactionConfiguration
    private let failure: FailureLatch
    private let queue: AppendQueue
    private let logger: Logger
    private let isStopped = Atomic<Bool>(false)
    private let parker = ThreadParker()
    /// What went wrong with a partition last time, so that it is told once.
    private let troubles = Mutex<[PartitionKey: String]>([:])

    init(_ parts: BrokerParts) {
        store = parts.store
        registry = parts.registry
        clock = parts.clock
        wallClock = parts.appendClock
        configuration = parts.configuration.compaction
        failure = parts.failure
        queue = parts.queue
        logger = parts.logger
    }

    /// Ends the thread, and the compaction under way between two pieces.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        parker.unpark()
    }

    /// Walks again and again until stopped, or until the storage fails.
    func run() {
        while !isStopped.load(ordering: .acquiring), !store.hasFailed {
            walk()
            if isStopped.load(ordering: .acquiring) { return }
            let next = clock.now.advanced(byMilliseconds: configuration.intervalMilliseconds)
            // The parker alone is held, not this thread: the timer outlives a stop harmlessly.
            let timer = clock.schedule(at: next) { [parker] in parker.unpark() }
            parker.park()
            clock.cancel(timer)
        }
    }

    /// Compacts every partition that is worth it, once, and removes files that nobody reads any more.
    func walk() {
        do {
            for topic in registry.all where topic.settings.cleanup == .compact {
                for partition in topic.partitions {
                    guard !isStopped.load(ordering: .acquiring), failure.reason == nil else { return }
                    try compact(partition)
                }
            }
            try store.removeRetiredFiles()
        } catch {
            failure.fail(error.description)
            queue.wakeJournal()
        }
    }

    /// - Throws: only what ends the process; other troubles are told, and tried again at the next walk.
    private func compact(_ partition: Partition) throws(StorageError) {
        var pace = BytePace(bytesPerSecond: configuration.bytesPerSecondMax.value)
        var hasBegun = false
        let name = "\(partition.identity)"
        do throws(StorageError) {
            let outcome = try store.compact(partition.key, policy: configuration.policy, now: wallClock.now()) {
                bytes in
                if !hasBegun { self.logger.debug("compaction begins", metadata: ["partition": "\(name)"]) }
                hasBegun = true
                return self.goOn(after: bytes, &pace)
            }
            troubles.withLock { $0[partition.key] = nil }
            tell(outcome, name)
        } catch {
            if store.hasFailed { throw error }
            tell(error, partition)
        }
    }

    /// Rests as the pace demands; false when the thread is to end.
    private func goOn(after bytes: ByteCount, _ pace: inout BytePace) -> Bool {
        if let until = pace.spend(bytes.value, atMilliseconds: SystemTime.monotonicMilliseconds),
            !isStopped.load(ordering: .acquiring)
        {
            parker.park(untilMilliseconds: until)
        }
        return !isStopped.load(ordering: .acquiring)
    }

    private func tell(_ outcome: CompactionOutcome, _ name: String) {
        switch outcome {
        case .notNeeded:
            break
        case .cancelled, .abandoned:
            logger.debug("compaction ends", metadata: ["partition": "\(name)", "outcome": "\(outcome)"])
        case .compacted(let report):
            logger.info(
                "compaction ends",
                metadata: [
                    "partition": "\(name)", "generation": "\(report.generation)",
                    "offsets": "\(report.from) to \(report.to)", "keys": "\(report.keys)",
                    "recordsDropped": "\(report.recordsDropped)", "isPartial": "\(report.isPartial)",
                    "bytes": "\(report.bytesBefore.value) to \(report.bytesAfter.value)",
                ]
            )
        }
    }

    private func tell(_ error: StorageError, _ partition: Partition) {
        let text = error.description
        let isKnown = troubles.withLock { $0.updateValue(text, forKey: partition.key) == text }
        guard !isKnown else { return }
        logger.error("compaction fails", metadata: ["partition": "\(partition.identity)", "reason": "\(text)"])
    }
}
