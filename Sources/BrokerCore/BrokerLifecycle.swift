import Synchronization

/// Where the broker is in its life; it goes forward only, and `failed` is the end of it.
final class BrokerLifecycle: Sendable {
    private struct State {
        var phase = EnginePhase.starting
        var isStopped = false
    }

    private let state = Mutex(State())

    /// The phase now.
    var phase: EnginePhase { state.withLock { $0.phase } }

    /// Everything is up.
    func becomeReady() {
        state.withLock { state in
            if state.phase == .starting { state.phase = .ready }
        }
    }

    /// Begins to drain; true for the first call.
    func beginDraining() -> Bool {
        state.withLock { state in
            guard state.phase == .starting || state.phase == .ready else { return false }
            state.phase = .draining
            return true
        }
    }

    /// The storage has failed.
    func fail() {
        state.withLock { $0.phase = .failed }
    }

    /// Begins to stop; true for the first call.
    func beginStopping() -> Bool {
        state.withLock { state in
            defer { state.isStopped = true }
            return !state.isStopped
        }
    }
}
