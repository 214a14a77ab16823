import Synchronization
import Testing

@testable import BrokerCore

@Suite(.timeLimit(.minutes(1))) struct ThreadTests {
    @Test func aWakeUpBeforeTheSleepIsNotLost() {
        let parker = ThreadParker()
        parker.unpark()
        parker.unpark()
        parker.park()
        parker.park(untilMilliseconds: SystemTime.monotonicMilliseconds)
    }

    @Test func aThreadIsJoined() {
        let ran = Atomic<Bool>(false)
        DedicatedThread(name: "a rather long name of a thread") { ran.store(true, ordering: .releasing) }.join()
        let hasRun = ran.load(ordering: .acquiring)
        #expect(hasRun)
    }

    @Test func jobsRunAndLateOnesToo() async throws {
        let pool = BlockingPool(name: "test", threads: 2)
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<1000 { group.addTask { await pool.run { number } } }
            return await group.reduce(0, +)
        }
        #expect(sum == 499_500)
        pool.stop()
        #expect(await pool.run { 7 } == 7)
    }

    @Test func anErrorOfAJobIsItsCallers() async {
        struct Refusal: Error {}
        let pool = BlockingPool(name: "test", threads: 1)
        await #expect(throws: Refusal.self) {
            try await pool.run { () throws(Refusal) -> Int in throw Refusal() }
        }
    }

    @Test func theSystemClockRunsTimersInOrder() async {
        let clock = SystemMonotonicClock()
        let order = Mutex<[Int]>([])
        await withCheckedContinuation { continuation in
            let now = clock.now
            _ = clock.schedule(at: now.advanced(byMilliseconds: 20)) {
                order.withLock { $0.append(2) }
                continuation.resume()
            }
            _ = clock.schedule(at: now.advanced(byMilliseconds: 5)) { order.withLock { $0.append(1) } }
            let cancelled = clock.schedule(at: now.advanced(byMilliseconds: 10)) { order.withLock { $0.append(9) } }
            clock.cancel(cancelled)
        }
        #expect(order.withLock { $0 } == [1, 2])
    }

    @Test func appendTimeNeverGoesBack() {
        struct BackwardClock: WallClock {
            let times = TimeList([30, 10, 20, 40])
            var nowMilliseconds: Int64 { times.next() }
        }
        let clock = AppendClock(BackwardClock())
        #expect((0..<4).map { _ in clock.now().millisecondsSinceEpoch } == [30, 30, 30, 40])
    }
}

/// Times that are given out one after the other.
private final class TimeList: Sendable {
    private let times: Mutex<[Int64]>

    init(_ times: [Int64]) {
        self.times = Mutex(times)
    }

    func next() -> Int64 {
        times.withLock { $0.removeFirst() }
    }
}
