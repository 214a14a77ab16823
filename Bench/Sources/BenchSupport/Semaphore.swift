import Glibc

/// A counting semaphore of the system, for threads that may block.
package final class Semaphore: Sendable {
    /// The pointer is made and freed once, and what it points to is for any thread by definition (sem_overview(7)).
    private nonisolated(unsafe) let semaphore: UnsafeMutablePointer<sem_t>

    /// A semaphore that nobody has signalled.
    package init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    /// Lets one waiter go, now or when it comes.
    package func signal() {
        sem_post(semaphore)
    }

    /// Waits for a signal.
    package func wait() {
        while sem_wait(semaphore) != 0 {}
    }
}
