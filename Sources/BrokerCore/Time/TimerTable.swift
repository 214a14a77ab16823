import HeapModule

/// The timers of a clock: a heap of deadlines and the actions by number.
///
/// Cancelled timers leave their heap element behind; when such leftovers are the greater part, the heap is made anew, so
/// that its size stays within a constant of the live timers.
struct TimerTable {
    private struct Deadline: Comparable {
        let at: MonotonicInstant
        let id: UInt64

        static func < (left: Deadline, right: Deadline) -> Bool {
            (left.at, left.id) < (right.at, right.id)
        }
    }

    private struct Timer {
        let at: MonotonicInstant
        let action: @Sendable () -> Void
    }

    private var heap = Heap<Deadline>()
    private var timers: [UInt64: Timer] = [:]
    private var lastID: UInt64 = 0

    /// The number of timers that wait.
    var count: Int { timers.count }

    /// The earliest deadline; it may belong to a cancelled timer, which costs one needless wake-up.
    var nextDeadline: MonotonicInstant? { heap.min?.at }

    /// Adds a timer; `isFirst` says that no other is earlier.
    mutating func add(
        _ at: MonotonicInstant,
        _ action: @escaping @Sendable () -> Void
    ) -> (token: TimerToken, isFirst: Bool) {
        lastID += 1
        let isFirst = heap.min.map { at < $0.at } ?? true
        heap.insert(Deadline(at: at, id: lastID))
        timers[lastID] = Timer(at: at, action: action)
        return (TimerToken(id: lastID), isFirst)
    }

    /// Removes a timer if it has not been taken.
    mutating func remove(_ token: TimerToken) {
        guard timers.removeValue(forKey: token.id) != nil else { return }
        if heap.count > 64 + 2 * timers.count {
            heap = Heap(timers.map { Deadline(at: $0.value.at, id: $0.key) })
        }
    }

    /// Takes the actions whose deadline has come, earliest first.
    mutating func takeDue(_ now: MonotonicInstant) -> [@Sendable () -> Void] {
        var due: [@Sendable () -> Void] = []
        while let first = heap.min, first.at <= now {
            heap.removeMin()
            if let timer = timers.removeValue(forKey: first.id) { due.append(timer.action) }
        }
        return due
    }
}
