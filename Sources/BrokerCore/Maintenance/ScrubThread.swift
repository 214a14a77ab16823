import Logging
import SegmentStore
import Synchronization

/// The thread that reads stored bytes in the background, lap after lap, and tells what is not as it was written.
///
/// Slow on purpose: a bound on bytes a second, so that producers and readers keep the disk.
///
/// Concurrency: it holds no lock while it reads. The lock guards what it tells of itself.
final class ScrubThread: Sendable {
    private struct State {
        var isStopped = false
        var report = ScrubReport()
    }

    private let store: LogStore
    private let clock: any MonotonicClock
    private let failure: FailureLatch
    private let logger: Logger
    private let bytesPerSecond: Int
    private let intervalMilliseconds: Int64
    private let state = Mutex(State())
    private let parker = ThreadParker()

    /// A broker that has just started has other things to do.
    static let firstLapMilliseconds: Int64 = 5 * 60 * 1000
    /// Shorter pauses are added up: a timer for each small file would cost more than it spares.
    private static let pauseMillisecondsMin: Int64 = 10

    init(_ parts: BrokerParts) {
        store = parts.store
        clock = parts.clock
        failure = parts.failure
        logger = parts.logger
        bytesPerSecond = max(1, parts.configuration.scrubBytesPerSecond.value)
        intervalMilliseconds = parts.configuration.scrubIntervalSeconds * 1000
    }

    /// How far it has come.
    var report: ScrubReport { state.withLock { $0.report } }

    /// Ends the thread after the step under way.
    func stop() {
        state.withLock { $0.isStopped = true }
        parker.unpark()
    }

    /// Runs laps until stopped, or until the storage fails.
    func run() {
        guard intervalMilliseconds > 0 else { return }
        var next = clock.now.advanced(byMilliseconds: min(intervalMilliseconds, Self.firstLapMilliseconds))
        while pause(until: next) {
            next = clock.now.advanced(byMilliseconds: intervalMilliseconds)
            guard runLap() else { return }
        }
    }

    /// - Returns: whether another lap may follow.
    private func runLap() -> Bool {
        var scrub = Scrub(store)
        var paid = clock.now
        while !state.withLock({ $0.isStopped }) {
            let step: Scrub.Step
            do {
                step = try scrub.step()
            } catch {
                failure.fail(error.description)
                return false
            }
            state.withLock { $0.report.note(scrub.progress, isFinished: step.isFinished) }
            if let finding = step.finding { tell(finding) }
            if step.isFinished { return true }
            paid = max(paid, clock.now).advanced(byMilliseconds: Int64(step.bytes.value * 1000 / bytesPerSecond))
            guard paid >= clock.now.advanced(byMilliseconds: Self.pauseMillisecondsMin) else { continue }
            guard pause(until: paid) else { return false }
        }
        return false
    }

    private func tell(_ finding: ScrubFinding) {
        switch finding {
        case .damage: logger.error("scrub: \(finding)")
        case .rebuiltIndex: logger.notice("scrub: \(finding)")
        }
    }

    /// Sleeps until a moment; false when the thread is to end.
    private func pause(until deadline: MonotonicInstant) -> Bool {
        while true {
            if state.withLock({ $0.isStopped }) { return false }
            if clock.now >= deadline { return true }
            let timer = clock.schedule(at: deadline) { [parker] in parker.unpark() }
            parker.park()
            clock.cancel(timer)
        }
    }
}
