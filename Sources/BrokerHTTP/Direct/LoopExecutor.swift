import NIOCore

/// Runs a task on the event loop of a connection, so that it answers where it was asked, without a change of threads.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    /// An executor that is its loop.
    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        loop.execute { job.runSynchronously(on: executor) }
    }
}
