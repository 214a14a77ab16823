import Glibc
import Synchronization

/// What a broker's log has said, and when it is to be killed.
///
/// The thread that reads the log kills by itself: whatever happens in between would only make the kill later.
package final class BrokerWatch: Sendable {
    private struct State {
        package var open = OpenActivities()
        package var last: [String] = []
        package var trigger: KillTrigger?
    }

    private let state = Mutex(State())
    /// Whether this watch has killed the broker.
    private let killed = Atomic<Bool>(false)
    private let ended = Atomic<Bool>(false)

    /// From now on the broker dies when the activity begins.
    package func arm(_ trigger: KillTrigger) {
        state.withLock { $0.trigger = trigger }
    }

    /// Takes a line; called by the reading thread.
    package func take(_ line: String, from pid: pid_t) {
        guard let mark = Activity.Mark(line) else { return note(line) }
        let delay: UInt64? = state.withLock { state in
            state.open.note(mark)
            guard !mark.isOver, let trigger = state.trigger, trigger.activity == mark.activity else { return nil }
            state.trigger = nil
            return trigger.delayNanoseconds
        }
        if let delay {
            Self.spin(nanoseconds: delay)
            kill(pid, SIGKILL)
            killed.store(true, ordering: .releasing)
        }
    }

    /// The log has ended, and so has the broker.
    package func end() {
        ended.store(true, ordering: .releasing)
    }

    package var hasEnded: Bool { ended.load(ordering: .acquiring) }
    package var hasKilled: Bool { killed.load(ordering: .acquiring) }
    /// What had begun and not ended; final once the reading thread has ended.
    package var open: Set<Activity> { state.withLock { $0.open.kinds } }
    /// The same as the log's own words.
    package var openLines: [String] { state.withLock { $0.open.lines } }
    /// The last lines that are no marks.
    package var lastLines: String { state.withLock { $0.last.joined(separator: "\n") } }

    private func note(_ line: String) {
        state.withLock { state in
            state.last.append(line)
            if state.last.count > 12 { state.last.removeFirst() }
        }
    }

    /// A delay too short for sleep.
    private static func spin(nanoseconds: UInt64) {
        let start = ContinuousClock.now
        let length = Duration.nanoseconds(Int64(nanoseconds))
        while ContinuousClock.now - start < length {}
    }
}

/// Kill when this begins, after a delay that lets it get some way.
package struct KillTrigger: Sendable {
    package let activity: Activity
    package let delayNanoseconds: UInt64

    /// A trigger.
    package init(activity: Activity, delayNanoseconds: UInt64) {
        self.activity = activity
        self.delayNanoseconds = delayNanoseconds
    }
}
