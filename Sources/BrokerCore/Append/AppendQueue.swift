import Collections
import Synchronization

/// What waits for the journal thread: bounded in bytes, in the order of arrival.
///
/// Concurrency: many producers, one consumer. The lock is the last in the order (docs/lock-order.md): it may be taken with
/// shard locks held, and nothing is called under it. Requests that are refused admission are resolved by the caller.
final class AppendQueue: Sendable {
    private let state: Mutex<AppendQueueState>
    private let parker = ThreadParker()

    init(bytesMax: Int) {
        state = Mutex(AppendQueueState(bytesMax: bytesMax))
    }

    /// Adds a request behind all others.
    ///
    /// Its resolution will be told unless the answer is a refusal.
    func add(_ request: QueuedAppend, isUrgent: Bool = false) -> AppendAdmission {
        let admission = state.withLock { $0.add(request, isUrgent: isUrgent) }
        if case .queued(wakesJournal: true) = admission { parker.unpark() }
        return admission
    }

    /// How many requests wait.
    var count: Int { state.withLock { $0.count } }

    /// Whether a request of this size would be admitted now.
    func hasRoom(bytes: Int) -> Bool {
        state.withLock { $0.hasRoom(bytes: bytes) }
    }

    /// Admits nothing more; what is queued is still written.
    func close() {
        state.withLock { $0.close() }
        parker.unpark()
    }

    /// Admits nothing more and gives back what was never written, for the caller to resolve.
    func fail() -> [QueuedAppend] {
        let abandoned = state.withLock { $0.fail() }
        parker.unpark()
        return abandoned
    }

    /// What the journal thread does next.
    func takeTurn(frameBytesMax: Int) -> JournalTurn {
        state.withLock { $0.takeTurn(frameBytesMax: frameBytesMax) }
    }

    /// The journal thread sleeps until something is queued, or somebody calls `wakeJournal`.
    func sleepJournal() {
        parker.park()
    }

    /// Wakes the journal thread for other reasons than a request: a timer, a finished checkpoint.
    func wakeJournal() {
        parker.unpark()
    }
}

/// The answer to a request for admission.
enum AppendAdmission: Hashable, Sendable {
    /// It is queued; the journal thread has to be woken, or is busy and will come by.
    case queued(wakesJournal: Bool)
    /// There is no room.
    case full
    /// The broker stops or has failed.
    case closed
}

/// What the journal thread has to do next.
enum JournalTurn: Sendable {
    /// Write these in one frame; resolve the others as superseded.
    case round([QueuedAppend], superseded: [QueuedAppend])
    /// Nothing is queued: chores, then sleep.
    case idle
    /// Nothing is queued, and nothing will be.
    case closed
}

/// The queue as a value: what is in it, and who must be woken.
struct AppendQueueState: Sendable {
    private enum Phase {
        case open
        case closed
    }

    private let bytesMax: Int
    private var requests: Deque<QueuedAppend> = []
    private var phase = Phase.open
    private var journalIsIdle = true
    /// The bytes of `requests`.
    private(set) var bytes = 0

    init(bytesMax: Int) {
        self.bytesMax = bytesMax
    }

    /// How many requests wait.
    var count: Int { requests.count }

    /// Whether a request fits.
    ///
    /// An empty queue takes any, so that a small bound refuses nothing for ever.
    func hasRoom(bytes: Int) -> Bool {
        requests.isEmpty || self.bytes + bytes <= bytesMax
    }

    mutating func add(_ request: QueuedAppend, isUrgent: Bool) -> AppendAdmission {
        guard phase == .open else { return .closed }
        guard isUrgent || hasRoom(bytes: request.bytes) else { return .full }
        requests.append(request)
        bytes += request.bytes
        defer { journalIsIdle = false }
        return .queued(wakesJournal: journalIsIdle)
    }

    mutating func close() {
        phase = .closed
    }

    mutating func fail() -> [QueuedAppend] {
        phase = .closed
        defer {
            requests = []
            bytes = 0
        }
        return Array(requests)
    }

    /// Takes everything that fits a frame, in order; a request that stands alone ends the round before it.
    mutating func takeTurn(frameBytesMax: Int) -> JournalTurn {
        var round: [QueuedAppend] = []
        var superseded: [QueuedAppend] = []
        var roundBytes = 0
        while let next = requests.first {
            if next.isCurrent {
                let fits = round.isEmpty || (!next.isAlone && roundBytes + next.bytes <= frameBytesMax)
                guard fits else { break }
                round.append(next)
                roundBytes += next.bytes
            } else {
                superseded.append(next)
            }
            requests.removeFirst()
            bytes -= next.bytes
            if next.isAlone, !round.isEmpty { break }
        }
        journalIsIdle = round.isEmpty && superseded.isEmpty
        guard journalIsIdle else { return .round(round, superseded: superseded) }
        return phase == .open ? .idle : .closed
    }
}
