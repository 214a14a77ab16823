import RecordFormat
import Synchronization
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct TailSignalTests {
    @Test func aWaiterIsWokenByTheRecordItWaitsFor() async {
        let tail = TailSignal(visible: Offset(5))
        let waiter = Waiter()
        #expect(tail.register(waiter, past: Offset(5)) == nil)
        tail.advance(to: Offset(6))
        #expect(await waiter.wait() == .moved)
        #expect(tail.waiterCount == 0)
    }

    @Test func whoIsBehindDoesNotWait() {
        let tail = TailSignal(visible: Offset(5))
        #expect(tail.register(Waiter(), past: Offset(4)) == .moved)
        #expect(tail.waiterCount == 0)
    }

    @Test func onlyThoseWhoseRecordHasComeAreWoken() {
        let tail = TailSignal(visible: Offset(5))
        #expect(tail.register(Waiter(), past: Offset(5)) == nil)
        #expect(tail.register(Waiter(), past: Offset(8)) == nil)
        tail.advance(to: Offset(7))
        #expect(tail.waiterCount == 1)
    }

    @Test func theEndWakesEverybodyNowAndLater() async {
        let tail = TailSignal(visible: Offset(5))
        let waiter = Waiter()
        #expect(tail.register(waiter, past: Offset(5)) == nil)
        tail.end(.draining)
        #expect(await waiter.wait() == .draining)
        #expect(tail.register(Waiter(), past: Offset(5)) == .draining)
        #expect(tail.register(Waiter(), past: Offset(0)) == .draining)
    }

    @Test func cancellationEndsTheSleep() async {
        let tail = TailSignal(visible: .zero)
        let task = Task {
            let waiter = Waiter()
            #expect(tail.register(waiter, past: .zero) == nil)
            return await waiter.wait()
        }
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func theFirstReasonStands() async {
        let waiter = Waiter()
        waiter.fire(.timedOut)
        waiter.fire(.moved)
        #expect(await waiter.wait() == .timedOut)
    }

    @Test func whoIsCalledIsCalledOnce() {
        let tail = TailSignal(visible: Offset(5))
        let calls = Mutex<[WakeReason]>([])
        let waiter = Waiter { reason in calls.withLock { $0.append(reason) } }
        #expect(tail.register(waiter, past: Offset(5)) == nil)
        #expect(calls.withLock { $0 } == [])
        tail.advance(to: Offset(6))
        tail.end(.draining)
        waiter.fire(.timedOut)
        #expect(calls.withLock { $0 } == [.moved])
    }

    /// Readers that check and register while the tail runs ahead: one lost wake-up, and a reader sleeps for ever.
    @Test func noWakeUpIsLost() async {
        let tail = TailSignal(visible: .zero)
        let end = Offset(20_000)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    var next = Offset.zero
                    while next < end {
                        let waiter = Waiter()
                        if tail.register(waiter, past: next) == nil { #expect(await waiter.wait() == .moved) }
                        next = next.advanced(by: 1)
                    }
                }
            }
            group.addTask {
                for number in 1...Int64(20_000) {
                    tail.advance(to: Offset(number))
                    if number % 16 == 0 { await Task.yield() }
                }
            }
        }
        #expect(tail.waiterCount == 0)
    }
}
