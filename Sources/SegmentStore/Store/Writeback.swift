import RecordFormat
import Synchronization

/// What rounds have written to segments and the device has not been given yet.
///
/// A device flush waits for everything that the device was given before it. So the journal's flush, on which answers wait,
/// must never find much under way: writeback is started in steps, one file at a time, and what was started since the last
/// flush of the journal stays within a budget of a few milliseconds. The rest is the checkpoint's, which flushes file by
/// file.
///
/// The journal thread notes, the flusher takes steps. The lock is a leaf.
final class Writeback: Sendable {
    /// A step to take.
    struct Step {
        let segment: Segment
        let position: FilePosition
        let bytes: ByteCount
    }

    private struct Pending {
        let segment: Segment
        var start: Int
        var end: Int
    }

    private struct State {
        var pending: [ObjectIdentifier: Pending] = [:]
        /// Those of which enough is pending for a step, in the order in which that came about.
        var ready: [ObjectIdentifier] = []
        var startedBytes = 0
    }

    private let state = Mutex(State())
    private let stepBytesMin: Int
    private let stepBytesMax: Int
    private let budgetBytes: Int

    /// - Parameter budgetBytes: what may be started between two flushes of the journal; 0 starts nothing.
    init(budgetBytes: ByteCount, stepBytesMin: Int = 256 << 10, stepBytesMax: Int = 1 << 20) {
        self.budgetBytes = budgetBytes.value
        self.stepBytesMin = stepBytesMin
        self.stepBytesMax = stepBytesMax
    }

    /// Notes bytes that follow those noted before.
    func noteWritten(_ segment: Segment, at position: FilePosition, bytes: Int) {
        guard budgetBytes > 0 else { return }
        let id = ObjectIdentifier(segment)
        let start = Int(position.value)
        state.withLock { state in
            var pending = state.pending[id] ?? Pending(segment: segment, start: start, end: start)
            let wasReady = pending.end - pending.start >= stepBytesMin
            pending.end = start + bytes
            state.pending[id] = pending
            if !wasReady, pending.end - pending.start >= stepBytesMin { state.ready.append(id) }
        }
    }

    /// A flush of the journal is over: the device has nothing of ours under way.
    func noteJournalFlush() {
        guard budgetBytes > 0 else { return }
        state.withLock { $0.startedBytes = 0 }
    }

    /// The segment is about to be flushed.
    func forget(_ segment: Segment) {
        let id = ObjectIdentifier(segment)
        state.withLock { state in
            guard state.pending.removeValue(forKey: id) != nil else { return }
            state.ready.removeAll { $0 == id }
        }
    }

    var hasStep: Bool {
        state.withLock { !$0.ready.isEmpty && $0.startedBytes + stepBytesMin <= budgetBytes }
    }

    /// The next step within the budget; of whole blocks, since the last one will be written again.
    func nextStep() -> Step? {
        state.withLock { state in
            let room = min(stepBytesMax, budgetBytes - state.startedBytes)
            guard room >= stepBytesMin, let id = state.ready.first, var pending = state.pending[id] else { return nil }
            let block = RingGeometry.blockMin
            let end = min(pending.end, pending.start + room) / block * block
            let step = Step(
                segment: pending.segment,
                position: FilePosition(UInt64(pending.start)),
                bytes: ByteCount(end - pending.start)
            )
            state.startedBytes += step.bytes.value
            pending.start = end
            state.pending[id] = pending
            state.ready.removeFirst()
            if pending.end - pending.start >= stepBytesMin { state.ready.append(id) }
            return step
        }
    }
}
