import Glibc
import SegmentStore

/// Says on standard error how far long work has come: often on a terminal, on one line; elsewhere a line now and then.
struct LogProgress {
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var next: ContinuousClock.Instant

    init() {
        start = clock.now
        next = start.advanced(by: .seconds(1))
    }

    mutating func show(_ progress: VerificationProgress) {
        let now = clock.now
        guard now >= next else { return }
        next = now.advanced(by: isTerminal ? .milliseconds(200) : .seconds(5))
        let seconds = max(1, (now - start) / .seconds(1))
        let percent = progress.total.value == 0 ? 100 : progress.done.value * 100 / progress.total.value
        let rate = Double(progress.done.value) / 1_048_576 / seconds
        let text = "\(percent) % of \(progress.total.value >> 20) MiB, \(Int(rate)) MiB/s, \(progress.path)"
        StandardError.note(text)
    }
}
