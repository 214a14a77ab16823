import Synchronization
import Testing

@testable import BrokerCore

@Suite struct TimerTableTests {
    private func at(_ milliseconds: Int64) -> MonotonicInstant { MonotonicInstant(milliseconds: milliseconds) }

    @Test func timersComeInTheOrderOfTheirDeadlines() {
        var table = TimerTable()
        let ran = Mutex<[Int]>([])
        _ = table.add(at(30)) { ran.withLock { $0.append(30) } }
        _ = table.add(at(10)) { ran.withLock { $0.append(10) } }
        _ = table.add(at(20)) { ran.withLock { $0.append(20) } }
        for action in table.takeDue(at(20)) { action() }
        #expect(ran.withLock { $0 } == [10, 20])
        #expect(table.nextDeadline == at(30))
    }

    @Test func onlyAnEarlierTimerWakesTheThread() {
        var table = TimerTable()
        #expect(table.add(at(30)) {}.isFirst)
        #expect(!table.add(at(40)) {}.isFirst)
        #expect(!table.add(at(30)) {}.isFirst)
        #expect(table.add(at(20)) {}.isFirst)
    }

    @Test func cancelledTimersDoNotRunAndTheirLeftoversAreBounded() {
        var table = TimerTable()
        for round in 0..<10_000 {
            let token = table.add(at(1_000_000 + Int64(round))) {}.token
            table.remove(token)
        }
        #expect(table.count == 0)
        #expect(table.takeDue(at(2_000_000)).isEmpty)
    }
}
