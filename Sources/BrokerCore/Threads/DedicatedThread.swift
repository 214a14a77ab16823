import Glibc
import Synchronization

/// A thread of the broker's own, for work that blocks: it never borrows one from the cooperative pool.
///
/// This file and nothing else in the module speaks to the operating system: threads, one condition, two clocks.
final class DedicatedThread: Sendable {
    private let handle: Mutex<pthread_t?>

    /// Starts a thread that runs `body` once.
    ///
    /// Names longer than 15 characters are cut, as Linux does.
    ///
    /// Traps when the machine refuses a thread: they are all started before the first request, and without them there
    /// is no broker.
    init(name: String, _ body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(ThreadStart(name: String(name.prefix(15)), body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                // The pointer is the one passed below and never nil; the retain made for it is taken back here.
                guard let context else { return nil }
                let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
                start.showName()
                start.body()
                return nil
            },
            start.toOpaque()
        )
        precondition(code == 0, "cannot start the thread \(name): error \(code)")
        handle = Mutex(thread)
    }

    /// Waits until the thread has ended.
    ///
    /// Must not be called from the cooperative pool, nor from the thread itself.
    func join() {
        let thread = handle.withLock { handle in
            defer { handle = nil }
            return handle
        }
        if let thread { pthread_join(thread, nil) }
    }

    deinit {
        let thread = handle.withLock { $0 }
        if let thread { pthread_detach(thread) }
    }
}

private final class ThreadStart {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }

    /// Names the calling thread for `top -H` and debuggers; the C function for it is not in Swift's view of the library.
    func showName() {
        let file = open("/proc/thread-self/comm", O_WRONLY)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }
}

/// A place where one thread sleeps until it is woken: a wake-up before the sleep is not lost, several count as one.
///
/// `@unchecked Sendable`: the two system objects have stable addresses and are made for use by many threads, and
/// `isSignalled` is read and written only with the mutex held.
final class ThreadParker: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var isSignalled = false

    init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // Deadlines are monotonic: a change of the wall clock must not stretch or cut a sleep.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    /// Sleeps until `unpark`, or until the deadline (milliseconds of `SystemTime.monotonicMilliseconds`).
    func park(untilMilliseconds deadline: Int64? = nil) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        if let deadline {
            var limit = timespec(tv_sec: Int(deadline / 1000), tv_nsec: Int(deadline % 1000) * 1_000_000)
            while !isSignalled {
                if pthread_cond_timedwait(condition, mutex, &limit) != 0 { break }
            }
        } else {
            while !isSignalled { pthread_cond_wait(condition, mutex) }
        }
        isSignalled = false
    }

    /// Wakes the sleeper, or lets its next sleep end at once.
    func unpark() {
        pthread_mutex_lock(mutex)
        isSignalled = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }
}

/// The machine's clocks.
enum SystemTime {
    /// Milliseconds since some moment before the process began; never goes back.
    static var monotonicMilliseconds: Int64 { milliseconds(CLOCK_MONOTONIC) }

    /// Milliseconds since 1970, as the machine believes.
    static var wallMilliseconds: Int64 { milliseconds(CLOCK_REALTIME) }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
