import NIOCore
import Synchronization

/// A stream's way into its socket: a piece at a time, so that a client that takes nothing holds no more than that.
///
/// It writes past the connection's asynchronous writer, which would suspend where a farewell must still go out, and does not
/// tell when the socket has taken something.
///
/// Concurrency: one task sends and waits; what it waits for is told by the event loop. The lock is a leaf; the task is resumed
/// outside of it.
final class SendSlot: Sendable {
    /// What became of the pieces that were sent.
    enum Outcome: Hashable, Sendable {
        /// The socket has taken all of them.
        case free
        /// It has not, and the time is over.
        case late
        /// The connection has failed, or the task was cancelled.
        case gone
    }

    private struct State {
        var pending = 0
        var isGone = false
        var waiter: CheckedContinuation<Outcome, Never>?

        var outcome: Outcome? { isGone ? .gone : pending == 0 ? .free : nil }
    }

    private let channel: any Channel
    private let state = Mutex(State())

    /// The slot of a connection.
    init(_ channel: any Channel) {
        self.channel = channel
    }

    /// Sends what `write` puts into the channel; the promise is that the socket has taken all of it.
    func send(_ write: @escaping @Sendable (any Channel, EventLoopPromise<Void>) -> Void) {
        state.withLock { $0.pending += 1 }
        let channel = channel
        channel.eventLoop.execute {
            let promise = channel.eventLoop.makePromise(of: Void.self)
            promise.futureResult.whenComplete { self.completed($0) }
            write(channel, promise)
        }
    }

    /// Waits until the socket has taken everything.
    func taken(within time: TimeAmount) async -> Outcome {
        if let outcome = state.withLock({ $0.outcome }) { return outcome }
        let timer = channel.eventLoop.scheduleTask(in: time) { self.resume(.late) }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let outcome = state.withLock { state in
                    let outcome = state.outcome
                    if outcome == nil { state.waiter = continuation }
                    return outcome
                }
                if let outcome { continuation.resume(returning: outcome) }
            }
        } onCancel: {
            // It is for good: whoever was cancelled sends nothing more through here.
            fail()
        }
    }

    private func completed(_ result: Result<Void, any Error>) {
        let waiter: (CheckedContinuation<Outcome, Never>, Outcome)? = state.withLock { state in
            state.pending -= 1
            if case .failure = result { state.isGone = true }
            guard let outcome = state.outcome, let waiter = state.waiter else { return nil }
            state.waiter = nil
            return (waiter, outcome)
        }
        if let (waiter, outcome) = waiter { waiter.resume(returning: outcome) }
    }

    private func fail() {
        state.withLock { $0.isGone = true }
        resume(.gone)
    }

    private func resume(_ outcome: Outcome) {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: outcome)
    }
}
