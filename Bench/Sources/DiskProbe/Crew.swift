import BenchSupport
import Synchronization

/// Threads that share the items of a round: each takes the next item until none is left.
final class Crew: Sendable {
    private let body: @Sendable (Int, RandomBytes) throws -> Void
    private let itemCount = Atomic(0)
    private let nextItem = Atomic(0)
    private let isDismissed = Atomic(false)
    private let failure = Mutex<(any Error)?>(nil)
    private let start: Barrier
    private let finish: Barrier
    private let threads: Mutex<[SystemThread]> = Mutex([])

    init(threads count: Int, body: @escaping @Sendable (Int, RandomBytes) throws -> Void) {
        self.body = body
        start = Barrier(parties: count + 1)
        finish = Barrier(parties: count + 1)
        threads.withLock { threads in
            threads = (0..<count).map { _ in SystemThread { self.work() } }
        }
    }

    /// Runs one round; returns when every item is done.
    func run(items: Int) throws {
        itemCount.store(items, ordering: .relaxed)
        nextItem.store(0, ordering: .relaxed)
        start.wait()
        finish.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Ends the threads; the crew is of no use afterwards.
    func dismiss() {
        isDismissed.store(true, ordering: .relaxed)
        start.wait()
        for thread in threads.withLock({ $0 }) { thread.join() }
    }

    /// A thread's whole life.
    ///
    /// The barriers order the relaxed loads and stores of the round.
    private func work() {
        let source = RandomBytes(poolBytes: 1 << 20)
        while true {
            start.wait()
            if isDismissed.load(ordering: .relaxed) { return }
            workThroughRound(source)
            finish.wait()
        }
    }

    private func workThroughRound(_ source: RandomBytes) {
        let end = itemCount.load(ordering: .relaxed)
        while true {
            let item = nextItem.wrappingAdd(1, ordering: .relaxed).oldValue
            guard item < end else { return }
            do {
                try body(item, source)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
    }
}
