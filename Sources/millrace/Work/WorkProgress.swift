import MillraceClient
import Synchronization

/// Counts what the commands did, and says so on standard error from time to time.
final class WorkProgress: Sendable {
    private struct Counts: Hashable {
        var records = 0
        var failures = 0
        var skips = 0

        var text: String {
            var text = "\(records) records processed"
            if failures > 0 { text += ", \(failures) attempts failed" }
            if skips > 0 { text += ", \(skips) times skipped" }
            return text
        }
    }

    private static let interval = Duration.seconds(5)

    private let counts = Mutex(Counts())

    /// A command has processed so many records.
    func succeeded(_ count: Int) { counts.withLock { $0.records += count } }

    /// A command has failed.
    func failed() { counts.withLock { $0.failures += 1 } }

    /// What failed at every attempt was passed over.
    func skipped() { counts.withLock { $0.skips += 1 } }

    /// Says how far the work has come, whenever that has changed, until the task is cancelled.
    func show() async {
        var shown = Counts()
        while (try? await Task.sleep(for: Self.interval)) != nil {
            let now = counts.withLock { $0 }
            if now != shown { StandardError.note(now.text) }
            shown = now
        }
    }

    /// Says how far it came in the end.
    func showTotal() { StandardError.note(counts.withLock { $0.text }) }
}
