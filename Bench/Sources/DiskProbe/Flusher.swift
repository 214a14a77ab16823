import BenchSupport
import Glibc
import Synchronization

/// A thread that flushes every segment once a second, as the broker's checkpoints do.
final class Flusher: Sendable {
    private let segments: Segments
    private let isStopped = Atomic(false)
    private let failure = Mutex<(any Error)?>(nil)
    private let thread: Mutex<SystemThread?> = Mutex(nil)

    init(_ segments: Segments) {
        self.segments = segments
        thread.withLock { $0 = SystemThread { self.work() } }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        thread.withLock { $0 }?.join()
    }

    /// Throws what a flush has thrown.
    func check() throws {
        if let error = failure.withLock({ $0 }) { throw error }
    }

    private func work() {
        var next = ContinuousClock.now + .seconds(1)
        while !isStopped.load(ordering: .relaxed) {
            usleep(5_000)
            guard ContinuousClock.now >= next else { continue }
            next += .seconds(1)
            do {
                for index in 0..<segments.count { try segments.flush(index) }
            } catch {
                failure.withLock { $0 = error }
                return
            }
        }
    }
}
