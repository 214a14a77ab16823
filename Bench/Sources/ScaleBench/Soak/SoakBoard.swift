import BenchSupport
import Synchronization

/// What the clients of a long run share: when it is over, what was done, what went wrong.
final class SoakBoard: Sendable {
    private struct State {
        var work: [String: Int] = [:]
        var errors: [String: Int] = [:]
    }

    /// A broker that answers nothing but errors would fill the memory with them.
    private static let errorTextsMax = 50
    private let state = Mutex(State())
    private let over = Atomic<Bool>(false)

    var isOver: Bool { over.load(ordering: .acquiring) }
    var work: [String: Int] { state.withLock { $0.work } }
    var errors: [String: Int] { state.withLock { $0.errors } }
    var errorCount: Int { state.withLock { $0.errors.values.reduce(0, +) } }

    func end() {
        over.store(true, ordering: .releasing)
    }

    func note(_ what: String, _ count: Int = 1) {
        state.withLock { $0.work[what, default: 0] += count }
    }

    func fail(_ who: String, _ error: any Error) {
        let text = "\(who): \(String("\(error)".prefix(300)).replacing("\n", with: " "))"
        let isNew = state.withLock { state in
            let isNew = state.errors[text] == nil
            let isFull = isNew && state.errors.count >= Self.errorTextsMax
            state.errors[isFull ? "\(who): others" : text, default: 0] += 1
            return isNew && !isFull
        }
        if isNew { Report.note(text) }
    }

    /// Does something again and again until the run is over, on a thread of its own; each time begins so long after the last began.
    ///
    /// What fails is counted, and done again with a new value after a second.
    func start<Client>(
        _ who: String,
        everyMilliseconds interval: Int64,
        _ make: @escaping @Sendable () throws -> Client,
        _ body: @escaping @Sendable (inout Client) throws -> Void
    ) -> SystemThread {
        SystemThread {
            while !self.isOver {
                do {
                    var client = try make()
                    var next = MonotonicClock.microseconds
                    while !self.isOver {
                        try body(&client)
                        next = max(next + interval * 1000, MonotonicClock.microseconds - 1_000_000)
                        MonotonicClock.sleep(until: next)
                    }
                } catch {
                    // What is under way when the broker is stopped may end as it likes.
                    guard !self.isOver else { return }
                    self.fail(who, error)
                    MonotonicClock.sleep(until: MonotonicClock.microseconds + 1_000_000)
                }
            }
        }
    }
}
