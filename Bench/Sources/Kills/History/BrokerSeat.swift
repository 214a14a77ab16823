import BenchSupport
import Glibc
import Synchronization

/// Where the broker of the moment is to be found by threads that outlive it.
final class BrokerSeat: Sendable {
    private struct State {
        var port: UInt16?
        var isOver = false
        var wantsKill = false
        var kills = 0
    }

    private let state = Mutex(State())

    /// A broker listens here from now on.
    func sit(_ port: UInt16) {
        state.withLock { $0.port = port }
    }

    /// The broker is about to be killed.
    func leave() {
        state.withLock { state in
            state.port = nil
            state.wantsKill = false
            state.kills += 1
        }
    }

    /// The run is over: nobody waits any more.
    func close() {
        state.withLock { $0.isOver = true }
    }

    var isOver: Bool { state.withLock { $0.isOver } }
    /// How many brokers have been killed.
    var kills: Int { state.withLock { $0.kills } }

    /// Waits for a broker; nil when the run is over.
    func port() -> UInt16? {
        while true {
            let (port, isOver) = state.withLock { ($0.port, $0.isOver) }
            if isOver { return nil }
            if let port { return port }
            usleep(1000)
        }
    }

    /// Somebody is in the middle of something: waits until the broker has been killed.
    func demandKill() {
        let before = state.withLock { state in
            state.wantsKill = true
            return state.kills
        }
        while !isOver, kills == before { usleep(500) }
    }

    /// Whether somebody waits for a kill.
    var wantsKill: Bool { state.withLock { $0.wantsKill } }
}
