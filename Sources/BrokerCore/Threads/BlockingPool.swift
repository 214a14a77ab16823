import Collections
import Synchronization

/// A few threads for work that blocks on the disk, so that tasks never do.
///
/// Jobs run in the order of their arrival. The queue needs no bound of its own: a job belongs to a request in flight,
/// of which a surface has a bounded number.
///
/// Concurrency: jobs and sleeping threads are kept under one lock; jobs run, and their waiters resume, outside of it.
final class BlockingPool: Sendable {
    private struct State {
        var jobs: Deque<@Sendable () -> Void> = []
        /// Threads that found nothing to do; each is taken out by whoever gives it work.
        var sleepers: [ThreadParker] = []
        var isStopped = false
    }

    private let core: Core
    private let threads: [DedicatedThread]

    /// Starts the threads.
    init(name: String, threads count: Int) {
        let core = Core()
        self.core = core
        threads = (0..<count).map { index in
            DedicatedThread(name: "\(name)-\(index)") { core.run() }
        }
    }

    deinit { core.stop() }

    /// Runs `body` on one of the threads and gives back its result.
    ///
    /// Cancellation does not stop it.
    ///
    /// Once the pool has stopped the body runs where the caller is: late callers get an answer, not a hang.
    func run<Success: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
            submit { continuation.resume(returning: Result(catching: body)) }
        }
        return try result.get()
    }

    /// Runs a job some time, without an answer.
    func submit(_ job: @escaping @Sendable () -> Void) {
        if !core.add(job) { job() }
    }

    /// Ends the threads after the jobs that are queued, and waits for them.
    ///
    /// Never from one of the pool's own jobs.
    func stop() {
        core.stop()
        for thread in threads { thread.join() }
    }

    private final class Core: Sendable {
        private let state = Mutex(State())

        func add(_ job: @escaping @Sendable () -> Void) -> Bool {
            let (isAccepted, sleeper): (Bool, ThreadParker?) = state.withLock { state in
                if state.isStopped { return (false, nil) }
                state.jobs.append(job)
                return (true, state.sleepers.popLast())
            }
            sleeper?.unpark()
            return isAccepted
        }

        func stop() {
            let sleepers = state.withLock { state in
                state.isStopped = true
                defer { state.sleepers = [] }
                return state.sleepers
            }
            for sleeper in sleepers { sleeper.unpark() }
        }

        /// One thread's life: a job, or sleep; ends when the pool is stopped and nothing is left.
        func run() {
            let parker = ThreadParker()
            while true {
                let (job, isDone): ((@Sendable () -> Void)?, Bool) = state.withLock { state in
                    if let job = state.jobs.popFirst() { return (job, false) }
                    if state.isStopped { return (nil, true) }
                    state.sleepers.append(parker)
                    return (nil, false)
                }
                if isDone { return }
                if let job { job() } else { parker.park() }
            }
        }
    }
}
