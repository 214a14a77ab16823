import Glibc

/// Runs what blocks on a thread of its own, so that it keeps none of the few that all tasks share.
enum OwnThread {
    /// The result of `body`, which is run once on a new thread.
    ///
    /// Where the machine refuses a thread it runs on the caller's: that is slower, and still right.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: body()) }
        }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(Start(body: body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                // The pointer is the one passed below and never nil; the retain made for it is taken back here.
                guard let context else { return nil }
                Unmanaged<Start>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            box.toOpaque()
        )
        guard code == 0 else { return box.takeRetainedValue().body() }
        pthread_detach(thread)
    }

    private final class Start {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
