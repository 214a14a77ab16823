import NIOCore
import RecordFormat
public import SegmentStore
import Synchronization
import SystemPackage

/// Drives a store as its users do, one operation after the other, and notes at every step what they know.
///
/// A class with a lock, since a round may come in the middle of a checkpoint: at a call of the flusher's, as if another
/// thread had made it then, and at the same call in every run.
public final class StoreClient: Sendable {
    /// The store.
    public let store: LogStore
    /// Where it lives.
    public let fileSystem: SimulatedFileSystem
    /// Makes the values of this client unlike those of any other.
    private let tag: String
    /// The store's wall clock.
    let clock: StoreClock
    private let state: Mutex<State>

    /// What the client knew when so many calls had been made.
    public struct Snapshot: Sendable {
        /// How many calls the file system had answered.
        public let callCount: Int
        /// What was acknowledged by then, and what was under way.
        public let history: StoreHistory
    }

    private struct State {
        var history: StoreHistory
        var snapshots: [Snapshot] = []
        var random: SplitMix64
        var valueCount = 0
        /// Whether something was made to go wrong.
        var expectsRefusal = false
        /// How many flushes and renames pass before a round comes in between; nil for none.
        var callsUntilRound: Int?
        /// What that round threw.
        var failureInBetween: StorageError?
    }

    init(
        _ store: LogStore,
        _ fileSystem: SimulatedFileSystem,
        seed: UInt64,
        clock: StoreClock = StoreClock(),
        after history: StoreHistory
    ) {
        self.store = store
        self.fileSystem = fileSystem
        self.clock = clock
        tag = String(seed, radix: 36)
        state = Mutex(State(history: history, random: SplitMix64(seed: seed)))
        note()
    }

    /// What is known.
    public var history: StoreHistory { state.withLock { $0.history } }
    /// What was known when.
    public var snapshots: [Snapshot] { state.withLock { $0.snapshots } }

    /// Keeps what is known now, in case the power goes at the next call.
    func note() {
        let callCount = fileSystem.callCount
        state.withLock { $0.snapshots.append(Snapshot(callCount: callCount, history: $0.history)) }
    }

    func change(_ body: (inout StoreHistory) -> Void) {
        state.withLock { body(&$0.history) }
    }

    /// A number below a bound.
    func below(_ bound: Int) -> Int { state.withLock { $0.random.below(bound) } }

    func chance(percent: Int) -> Bool { below(100) < percent }

    /// Notes that something failed, unless it was made to.
    func noteFailure(_ text: String) {
        state.withLock { state in
            if !state.expectsRefusal, state.history.failure == nil { state.history.failure = text }
        }
    }

    /// Does something in which refusals are no failures.
    func expectingRefusals(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        state.withLock { $0.expectsRefusal = true }
        defer { state.withLock { $0.expectsRefusal = false } }
        try body()
    }

    /// Lets some time pass.
    func passTime(millisecondsMax: Int) {
        clock.advance(milliseconds: below(millisecondsMax))
        change { $0.now = clock.now }
    }

    /// So many new values for a partition; a few claim to be from a time to come.
    func append(to key: PartitionKey, count: Int) -> StoreHistory.Append {
        let now = clock.now
        let lead: Int64 = chance(percent: 10) ? 3_600_000 : 0
        return state.withLock { state in
            let isCompacted = state.history.topics[key.topic]?.isCompacted == true
            let values = (0..<count).map { _ in
                state.valueCount += 1
                let name = isCompacted ? "k\(state.random.below(4))=" : ""
                return name + "\(tag).\(state.valueCount)." + String(repeating: "x", count: state.random.below(90))
            }
            return StoreHistory.Append(
                key: key,
                values: values,
                timestamp: Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch + lead),
                appendedAt: now
            )
        }
    }

    /// Some topic; nil when there is none.
    func someTopic() -> TopicID? {
        state.withLock { state in
            let ids = state.history.topics.keys.sorted { $0.hex < $1.hex }
            return ids.isEmpty ? nil : ids[state.random.below(ids.count)]
        }
    }

    func newTopicID() -> TopicID {
        state.withLock { TopicID(high: $0.random.next(), low: $0.random.next()) }
    }

    // MARK: A round in the middle of something else

    /// Does something that another thread would, with a round in between at some call.
    func withRound(atCall call: Int?, _ body: () throws(StorageError) -> Void) throws(StorageError) {
        state.withLock { $0.callsUntilRound = call }
        defer { state.withLock { $0.callsUntilRound = nil } }
        try body()
        let failure = state.withLock { state in
            defer { state.failureInBetween = nil }
            return state.failureInBetween
        }
        if let failure { throw failure }
    }

    /// Sees every call before it is made.
    ///
    /// A round comes only at flushes and renames: at others the flusher may hold a lock that a round on another thread
    /// would wait for.
    func observe(_ call: SimulatedCall) {
        guard [.flush, .flushDirectory, .rename].contains(call.kind) else { return }
        let isDue = state.withLock { state -> Bool in
            guard let calls = state.callsUntilRound else { return false }
            state.callsUntilRound = calls > 0 ? calls - 1 : nil
            return calls == 0
        }
        guard isDue, store.checkpointUrgency != .mustWait else { return }
        do throws(StorageError) {
            if chance(percent: 10), let key = somePartition() { roll(key) }
            if chance(percent: 30) { try produce() } else { try commitSomeRound() }
            note()
        } catch {
            state.withLock { $0.failureInBetween = error }
        }
    }
}
