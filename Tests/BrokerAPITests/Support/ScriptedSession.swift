import BrokerCore
import RecordFormat
import Synchronization

/// A group session that says what a test wrote down; then it is idle, and the clock moves to the deadline.
final class ScriptedSession: GroupSession {
    let member = "m-1"
    let groupEpoch: Int64 = 42
    private let clock: TestClock
    private let script: Mutex<[GroupEvent]>
    private let closings = Mutex<[GroupCloseReason]>([])

    init(_ script: [GroupEvent], clock: TestClock) {
        self.script = Mutex(script)
        self.clock = clock
    }

    var closed: [GroupCloseReason] { closings.withLock { $0 } }

    func next(deadline: MonotonicInstant?, allowance: DeliveryAllowance) async -> GroupEvent {
        let event = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        if let event { return event }
        if let deadline { clock.advance(to: deadline) }
        return .idle
    }

    func close(_ reason: GroupCloseReason) async {
        closings.withLock { $0.append(reason) }
    }
}
