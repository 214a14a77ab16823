import BenchSupport
import Glibc
import NIOCore
import RecordFormat
import SegmentStore
import Synchronization
import SystemPackage

/// A store that is written to as the broker's threads do it: rounds on one thread, checkpoints on another.
final class MeasuredStore {
    let store: LogStore
    private let flusher: CheckpointThread
    private var lastCheckpoint = ContinuousClock.now
    private let topic: TopicID

    /// Opens a directory, and makes a topic in it if there is none.
    init(_ directory: String, partitions: Int32, ringMebibytes: Int = 128) throws {
        var configuration = StoreConfiguration(directory: FilePath(directory))
        configuration.ringBytes = .mebibytes(ringMebibytes)
        store = try LogStore.open(
            configuration,
            fileSystem: PosixFileSystem(),
            wallTime: Self.wallTime,
            randomBytes: { count in (0..<count).map { _ in UInt8.random(in: .min ... .max) } },
            report: { _ in }
        )
        flusher = CheckpointThread(store)
        let name = try TopicName(validating: "bench")
        if let found = store.topics().first(where: { $0.name == name }) {
            topic = found.id
        } else {
            topic = TopicID(high: 1, low: .random(in: .min ... .max))
            try store.createTopic(StoredTopic(id: topic, name: name, partitionCount: partitions))
        }
    }

    /// One round: these batches, each in its partition, flushed.
    func commit(_ batches: [(partition: Int, batch: RecordBatch)]) throws {
        while store.checkpointUrgency == .mustWait { flusher.waitUntilDone(capturing: store) }
        let appends = batches.map { partition, batch in
            PartitionAppend(
                key: PartitionKey(topic: topic, partition: PartitionIndex(Int32(partition))),
                batches: [batch]
            )
        }
        for case .refused(let refusal) in try store.commit([CommitRequest(appends: appends)]) {
            throw Refused(description: "\(refusal)")
        }
        checkpointIfDue()
    }

    @Sendable
    private static func wallTime() -> Timestamp {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Timestamp(millisecondsSinceEpoch: Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000)
    }

    /// A store that refused what it should not have.
    struct Refused: Error, CustomStringConvertible {
        let description: String
    }

    private func checkpointIfDue() {
        let now = ContinuousClock.now
        switch store.checkpointUrgency {
        case .none: return
        case .wanted where now - lastCheckpoint < .seconds(1): return
        default: break
        }
        guard let checkpoint = store.captureCheckpoint() else { return }
        lastCheckpoint = now
        flusher.take(checkpoint)
    }

    /// Ends the flusher, and closes the store in order.
    func close() throws {
        flusher.stop()
        try store.close()
    }
}

/// The thread that completes checkpoints.
private final class CheckpointThread: Sendable {
    private enum Job {
        case none
        case checkpoint(Checkpoint)
        case stop
    }

    private let store: LogStore
    private let job = Mutex(Job.none)
    private let wakeUp = Semaphore()
    private let done = Semaphore()
    private let thread = Mutex<SystemThread?>(nil)

    init(_ store: LogStore) {
        self.store = store
        thread.withLock { $0 = SystemThread { self.run() } }
    }

    func take(_ checkpoint: Checkpoint) {
        job.withLock { $0 = .checkpoint(checkpoint) }
        wakeUp.signal()
    }

    /// The ring is full: nothing goes on before a checkpoint is complete.
    func waitUntilDone(capturing store: LogStore) {
        if let checkpoint = store.captureCheckpoint() { take(checkpoint) }
        done.wait()
    }

    func stop() {
        job.withLock { job in
            // A checkpoint that waits is taken along: the store's close wants none under way.
            if case .checkpoint(let checkpoint) = job { complete(checkpoint) }
            job = .stop
        }
        wakeUp.signal()
        thread.withLock { $0 }?.join()
    }

    private func run() {
        while true {
            wakeUp.wait()
            let next = job.withLock { job in
                defer { if case .checkpoint = job { job = .none } }
                return job
            }
            switch next {
            case .none: continue
            case .stop: return
            case .checkpoint(let checkpoint): complete(checkpoint)
            }
        }
    }

    private func complete(_ checkpoint: Checkpoint) {
        do {
            try store.complete(checkpoint)
        } catch {
            preconditionFailure("the disk failed: \(error)")
        }
        done.signal()
    }
}
