import MillraceClient
import Testing

@Suite struct BackoffTests {
    /// Always the middle: three quarters of the ceiling.
    private struct Middle: RandomNumberGenerator {
        mutating func next() -> UInt64 { 1 << 63 }
    }

    @Test func delaysDoubleUpToTheMaximum() {
        var backoff = Backoff(initial: .milliseconds(100), max: .milliseconds(360))
        var middle = Middle()
        let delays = (0..<4).map { _ in backoff.next(using: &middle) }
        #expect(delays == [75, 150, 270, 270].map { .milliseconds($0) })
    }

    @Test func jitterStaysWithinHalfOfTheCeiling() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<100 {
            var backoff = Backoff(initial: .milliseconds(100), max: .seconds(1))
            let delay = backoff.next(using: &generator)
            #expect(delay >= .milliseconds(50) && delay <= .milliseconds(100))
        }
    }

    @Test func aSuccessStartsOver() {
        var backoff = Backoff(initial: .milliseconds(100), max: .seconds(1))
        var middle = Middle()
        _ = backoff.next(using: &middle)
        backoff.reset()
        #expect(backoff.next(using: &middle) == .milliseconds(75))
    }
}
