import BrokerCore
import Synchronization
import Testing

@testable import BrokerAPI

/// One timer over many waits.
@Suite struct StreamAlarmTests {
    /// A clock that only writes down what it is asked for.
    private final class NotingClock: MonotonicClock {
        private let state = Mutex((now: Int64(0), deadlines: [Int64](), cancelled: [UInt64]()))

        var now: MonotonicInstant { MonotonicInstant(milliseconds: state.withLock { $0.now }) }
        var deadlines: [Int64] { state.withLock { $0.deadlines } }
        var cancelled: [UInt64] { state.withLock { $0.cancelled } }

        func move(to now: Int64) { state.withLock { $0.now = now } }

        func schedule(at deadline: MonotonicInstant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
            state.withLock { state in
                state.deadlines.append(deadline.milliseconds)
                return TimerToken(id: UInt64(state.deadlines.count))
            }
        }

        func cancel(_ token: TimerToken) { state.withLock { $0.cancelled.append(token.id) } }
    }

    private let clock = NotingClock()

    private func set(_ alarm: inout StreamAlarm, at milliseconds: Int64) {
        alarm.set(at: MonotonicInstant(milliseconds: milliseconds), on: clock) {}
    }

    @Test func aLaterDeadlineNeedsNoTimerOfItsOwn() {
        var alarm = StreamAlarm()
        set(&alarm, at: 100)
        set(&alarm, at: 200)
        #expect(clock.deadlines == [100])
        clock.move(to: 100)
        alarm.rang()
        set(&alarm, at: 200)
        #expect(clock.deadlines == [100, 200] && clock.cancelled == [])
    }

    @Test func anEarlierDeadlineReplacesTheTimer() {
        var alarm = StreamAlarm()
        set(&alarm, at: 200)
        set(&alarm, at: 150)
        #expect(clock.deadlines == [200, 150] && clock.cancelled == [1])
        // What was cancelled rings all the same, early: the other one is still set.
        alarm.rang()
        set(&alarm, at: 160)
        #expect(clock.deadlines == [200, 150])
        alarm.cancel()
        #expect(clock.cancelled == [1, 2])
    }
}
