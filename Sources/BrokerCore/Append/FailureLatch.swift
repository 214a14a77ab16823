import Synchronization

/// The one way down: the first failure of the storage is kept, told, and ends the service; later ones change nothing.
final class FailureLatch: Sendable {
    private struct State {
        var reason: String?
        var handlers: [@Sendable (String) -> Void] = []
    }

    private let state = Mutex(State())

    /// What failed first, if anything did.
    var reason: String? { state.withLock { $0.reason } }

    /// Adds what is to happen at the failure, in this order, on the failing thread.
    func onFailure(_ handler: @escaping @Sendable (String) -> Void) {
        state.withLock { $0.handlers.append(handler) }
    }

    /// Reports a failure.
    func fail(_ reason: String) {
        let handlers: [@Sendable (String) -> Void] = state.withLock { state in
            guard state.reason == nil else { return [] }
            state.reason = reason
            return state.handlers
        }
        for handler in handlers { handler(reason) }
    }
}
