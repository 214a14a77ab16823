import BrokerAPI

/// Something on an event loop that waits, and can be woken from elsewhere.
protocol LoopSleeper: AnyObject {
    /// A wait is over; of one that is not the last, nothing is to be done.
    func woke(from wait: Int, _ end: StreamWait.End)

    /// The alarm of a wait rang.
    func rang()
}

/// The streams of one event loop that wait for the same, and are one who waits as the broker sees it.
final class StreamCrowd {
    /// Where one of them stands.
    struct Place {
        let crowd: StreamCrowd
        fileprivate let index: Int
    }

    /// One of them, and the number of its wait.
    struct Member {
        let sleeper: any LoopSleeper
        let wait: Int
    }

    /// Those who wait; who comes and goes leaves nothing behind.
    struct Members {
        private var slots: [Member?] = []
        /// The slots of those who have left.
        private var free: [Int] = []

        /// Whether nobody is there.
        var isEmpty: Bool { free.count == slots.count }
        /// Everybody.
        var all: [Member] { slots.compactMap { $0 } }

        /// Adds one; answers its slot.
        mutating func add(_ member: Member) -> Int {
            if let slot = free.popLast() {
                slots[slot] = member
                return slot
            }
            slots.append(member)
            return slots.count - 1
        }

        /// Removes who has a slot.
        mutating func remove(_ slot: Int) {
            slots[slot] = nil
            free.append(slot)
        }
    }

    /// What they wait for.
    let place: StreamWait.Place
    /// Whether there was something for them, or nobody is left.
    private(set) var isOver = false
    private var members = Members()
    private var forget: (@Sendable () -> Void)?

    /// Nobody yet.
    init(_ place: StreamWait.Place) {
        self.place = place
    }

    /// Whether everybody has left.
    var isEmpty: Bool { members.isEmpty }

    /// The broker was told: this forgets it.
    func entered(_ forget: @escaping @Sendable () -> Void) {
        self.forget = forget
    }

    /// Adds one.
    func add(_ member: Member) -> Place { Place(crowd: self, index: members.add(member)) }

    /// Removes one.
    func remove(_ place: Place) {
        if !isOver { members.remove(place.index) }
    }

    /// It is over: gives out who waits still.
    func end() -> [Member] {
        isOver = true
        forget?()
        forget = nil
        defer { members = Members() }
        return members.all
    }
}
