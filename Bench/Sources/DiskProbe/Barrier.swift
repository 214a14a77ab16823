import Glibc

/// Holds each thread until all parties have come.
///
/// Unchecked because a pointer is not `Sendable`; the barrier behind it is POSIX's own and made for many threads. It is
/// destroyed only when the last reference is gone, and a waiting thread holds one.
final class Barrier: @unchecked Sendable {
    private let barrier: UnsafeMutablePointer<pthread_barrier_t>

    init(parties: Int) {
        barrier = .allocate(capacity: 1)
        let code = pthread_barrier_init(barrier, nil, UInt32(parties))
        precondition(code == 0, "pthread_barrier_init for \(parties) failed with \(code)")
    }

    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }

    func wait() {
        pthread_barrier_wait(barrier)
    }
}
