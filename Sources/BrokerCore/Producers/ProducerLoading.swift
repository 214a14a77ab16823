import RecordFormat
import SegmentStore
import Synchronization

/// Loads what topics remember of their producers, each once, on a thread that may block.
///
/// Requests of producers wait here before they are queued, so that the journal thread never reads a log, and no such request
/// is in flight for a topic whose windows are not there yet.
///
/// Concurrency: the lock is a leaf; waiters are taken out under it and resumed outside of it.
final class ProducerLoading: Sendable {
    private struct State {
        var waiters: [TopicID: [CheckedContinuation<StorageError?, Never>]] = [:]
        /// The bytes of the requests that wait.
        var bytes = 0
    }

    private let store: LogStore
    private let pool: BlockingPool
    private let failure: FailureLatch
    private let bytesMax: Int
    private let state = Mutex(State())

    /// - Parameter bytesMax: what the requests that wait may hold together; a single one may always wait.
    init(store: LogStore, pool: BlockingPool, failure: FailureLatch, bytesMax: Int) {
        self.store = store
        self.pool = pool
        self.failure = failure
        self.bytesMax = bytesMax
    }

    /// The bytes of the requests that wait.
    var waitingBytes: Int { state.withLock { $0.bytes } }

    /// Returns when a topic's windows are there.
    ///
    /// - Parameter bytes: the size of the request that waits for it.
    /// - Throws: `queueFull`; `topicNotFound` when it was deleted meanwhile; `storageRefused` when it may be tried again.
    func load(_ topic: Topic, bytes: Int) async throws(BrokerError) {
        guard !store.hasLoadedProducers(of: topic.id) else { return }
        let isAdmitted = state.withLock { state in
            guard state.bytes == 0 || state.bytes + bytes <= bytesMax else { return false }
            state.bytes += bytes
            return true
        }
        guard isAdmitted else { throw .queueFull(retryAfterMilliseconds: AppendLimits.retryAfterMilliseconds) }
        let error = await withCheckedContinuation { continuation in
            let isFirst = state.withLock { state in
                state.waiters[topic.id, default: []].append(continuation)
                return state.waiters[topic.id]?.count == 1
            }
            if isFirst { pool.submit { self.run(topic.id) } }
        }
        state.withLock { $0.bytes -= bytes }
        guard let error else { return }
        if case .deleted = error { throw .topicNotFound(topic.name) }
        throw .storageRefused("what \(topic.name) remembers of its producers cannot be read: \(error)")
    }

    private func run(_ topic: TopicID) {
        var thrown: StorageError?
        do {
            try store.loadProducers(of: topic)
        } catch {
            // Above the checkpoint a failed read is a lost write: only a recovery can give those bytes back.
            if case .outcomeUnknown = error { failure.fail(error.description) }
            thrown = error
        }
        let waiters = state.withLock { $0.waiters.removeValue(forKey: topic) ?? [] }
        for waiter in waiters { waiter.resume(returning: thrown) }
    }
}
