import BrokerAPI
import NIOCore
import Synchronization

/// Brings to an event loop what ends the waits of its streams: the loop is called once for all that comes meanwhile.
///
/// Concurrency: the lock is a leaf, held to add a wake or to take them all; streams go on outside of it, on the loop.
final class LoopWakes: Sendable {
    /// What happened.
    enum Wake: Sendable {
        /// There is something for all who wait in one place.
        case crowd(NIOLoopBound<StreamCrowd>, StreamWait.End)
        /// The wait of this number is over for one of them.
        case sleeper(NIOLoopBound<any LoopSleeper>, wait: Int, StreamWait.End)
        /// An alarm rang.
        case alarm(NIOLoopBound<any LoopSleeper>)
    }

    private struct State {
        var wakes: [Wake] = []
        /// Whether the loop was called, and has not said since that it is done.
        var isCalled = false
    }

    private let loop: any EventLoop
    private let state = Mutex(State())

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    /// Adds one, from any thread.
    func add(_ wake: Wake) {
        let isFirst = state.withLock { state in
            state.wakes.append(wake)
            defer { state.isCalled = true }
            return !state.isCalled
        }
        if isFirst { call() }
    }

    /// Takes all, on the loop.
    func take() -> [Wake] {
        state.withLock { state in
            defer { state.wakes = [] }
            return state.wakes
        }
    }

    /// The loop has done all that it took: it stays away until it is called, unless more has come.
    func rest() {
        let isDone = state.withLock { state in
            if state.wakes.isEmpty { state.isCalled = false }
            return state.wakes.isEmpty
        }
        if !isDone { callLater() }
    }

    private func call() {
        loop.execute { [loop] in StreamLoop.of(loop).turn() }
    }

    /// Lets the loop go on when its sockets have had their turn.
    func callLater() {
        loop.scheduleTask(in: StreamLoop.turnInterval) { [loop] in StreamLoop.of(loop).turn() }
    }
}
