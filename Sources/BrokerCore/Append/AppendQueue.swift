import Collections
import SegmentStore
import Synchronization

/// What waits for the journal thread: bounded in bytes, in the order of arrival, the broker's own requests before users'.
///
/// Users' appends have a bound. The broker's own (groups, topics) have a reserve above it, so that commits go on while
/// producers are turned away, and go into the next round, so that they do not wait behind a full queue.
///
/// Concurrency: many producers, one consumer. The lock is the last in the order (docs/lock-order.md): it may be taken with
/// shard locks held, and nothing is called under it. Requests that are refused admission are resolved by the caller.
final class AppendQueue: Sendable {
    private let state: Mutex<AppendQueueState>
    private let parker = ThreadParker()

    init(bytesMax: Int, reserveBytesMax: Int) {
        state = Mutex(AppendQueueState(bytesMax: bytesMax, reserveBytesMax: reserveBytesMax))
    }

    /// Adds a request behind all others of its kind.
    ///
    /// Its resolution will be told unless the answer is a refusal.
    /// - Parameter isUrgent: Whether it is the broker's own; admission was asked for before (`hasRoom`), so it is not refused
    ///   for want of room.
    func add(_ request: QueuedAppend, isUrgent: Bool = false) -> AppendAdmission {
        let admission = state.withLock { $0.add(request, isUrgent: isUrgent) }
        if case .queued(wakesJournal: true) = admission { parker.unpark() }
        return admission
    }

    /// How many requests wait.
    var count: Int { state.withLock { $0.count } }

    /// Whether a request of this size would be admitted now.
    func hasRoom(bytes: Int, isUrgent: Bool = false) -> Bool {
        state.withLock { $0.hasRoom(bytes: bytes, isUrgent: isUrgent) }
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
    private let reserveBytesMax: Int
    private var urgent = AppendLane()
    private var ordinary = AppendLane()
    private var phase = Phase.open
    private var journalIsIdle = true

    init(bytesMax: Int, reserveBytesMax: Int) {
        self.bytesMax = bytesMax
        self.reserveBytesMax = reserveBytesMax
    }

    /// How many requests wait.
    var count: Int { urgent.requests.count + ordinary.requests.count }

    /// The bytes of all of them.
    var bytes: Int { urgent.bytes + ordinary.bytes }

    /// Whether a request fits.
    ///
    /// An empty lane takes any, so that a small bound refuses nothing for ever.
    func hasRoom(bytes: Int, isUrgent: Bool) -> Bool {
        let (lane, most) = isUrgent ? (urgent, reserveBytesMax) : (ordinary, bytesMax)
        return lane.requests.isEmpty || lane.bytes + bytes <= most
    }

    mutating func add(_ request: QueuedAppend, isUrgent: Bool) -> AppendAdmission {
        guard phase == .open else { return .closed }
        guard isUrgent || hasRoom(bytes: request.bytes, isUrgent: false) else { return .full }
        if isUrgent { urgent.add(request) } else { ordinary.add(request) }
        defer { journalIsIdle = false }
        return .queued(wakesJournal: journalIsIdle)
    }

    mutating func close() {
        phase = .closed
    }

    mutating func fail() -> [QueuedAppend] {
        phase = .closed
        defer { (urgent, ordinary) = (AppendLane(), AppendLane()) }
        return Array(urgent.requests) + Array(ordinary.requests)
    }

    /// Takes everything that fits a frame, the broker's own first; a request that stands alone has a round to itself.
    mutating func takeTurn(frameBytesMax: Int) -> JournalTurn {
        var taken = AppendLane.Taken(roomBytes: frameBytesMax)
        urgent.take(into: &taken)
        if !taken.endsRound { ordinary.take(into: &taken) }
        journalIsIdle = taken.round.isEmpty && taken.superseded.isEmpty
        guard journalIsIdle else { return .round(taken.round, superseded: taken.superseded) }
        return phase == .open ? .idle : .closed
    }
}

/// The requests of one kind, in their order.
struct AppendLane: Sendable {
    private(set) var requests: Deque<QueuedAppend> = []
    /// The bytes of `requests`.
    private(set) var bytes = 0

    /// What a round takes.
    struct Taken {
        var round: [QueuedAppend] = []
        var superseded: [QueuedAppend] = []
        var roomBytes: Int
        /// Whether nothing more may come into the round.
        var endsRound = false

        init(roomBytes: Int) {
            self.roomBytes = roomBytes
        }
    }

    mutating func add(_ request: QueuedAppend) {
        requests.append(request)
        bytes += request.bytes
    }

    /// Takes what fits, in order; a request that stands alone ends the round before it.
    mutating func take(into taken: inout Taken) {
        while let next = requests.first {
            if next.isCurrent || PlantedFault.shardGenerationIgnored.isPlanted {
                let fits = taken.round.isEmpty || (!next.isAlone && next.bytes <= taken.roomBytes)
                guard fits else { return }
                taken.round.append(next)
                taken.roomBytes -= next.bytes
                taken.endsRound = next.isAlone
            } else {
                taken.superseded.append(next)
            }
            requests.removeFirst()
            bytes -= next.bytes
            if taken.endsRound { return }
        }
    }
}
