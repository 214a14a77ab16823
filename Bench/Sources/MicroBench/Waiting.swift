import BenchSupport
import Synchronization

/// Runs asynchronous work and waits for it, on the main thread.
///
/// An asynchronous main would end that thread by `dispatchMain`, whose sigsuspend(2) Debian's valgrind dies of: it writes to
/// the mask, which is constant.
func waiting(for body: @escaping @Sendable () async throws -> Void) throws {
    let done = Semaphore()
    let outcome = Outcome()
    Task {
        do {
            try await body()
        } catch {
            outcome.failure.withLock { $0 = error }
        }
        done.signal()
    }
    done.wait()
    if let error = outcome.failure.withLock({ $0 }) { throw error }
}

private final class Outcome: Sendable {
    let failure = Mutex<(any Error)?>(nil)
}
