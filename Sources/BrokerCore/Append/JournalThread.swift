import SegmentStore

/// The one thread that commits: everything queued becomes one round, one frame, one flush.
///
/// While a round's flush runs, the next round gathers in the queue; there is no timer under load. Between rounds it
/// captures checkpoints for the flusher, and when idle it proves its last frame.
///
/// Concurrency: `run` is the store's only committing thread, so rounds are ordered by program order. It holds no lock
/// while it commits, signals or resolves.
final class JournalThread: Sendable {
    private let store: LogStore
    private let queue: AppendQueue
    private let flusher: FlusherThread
    private let clock: any MonotonicClock
    private let metrics: BrokerMetrics
    private let failure: FailureLatch
    private let checkpointIntervalMilliseconds: Int64

    init(
        store: LogStore,
        queue: AppendQueue,
        flusher: FlusherThread,
        clock: any MonotonicClock,
        metrics: BrokerMetrics,
        failure: FailureLatch,
        checkpointIntervalMilliseconds: Int64
    ) {
        self.store = store
        self.queue = queue
        self.flusher = flusher
        self.clock = clock
        self.metrics = metrics
        self.failure = failure
        self.checkpointIntervalMilliseconds = checkpointIntervalMilliseconds
    }

    /// Runs until the queue is closed and empty, or the storage fails.
    func run() {
        var pacing = JournalPacing(now: clock.now, checkpointIntervalMilliseconds: checkpointIntervalMilliseconds)
        while !hasFailed {
            switch queue.takeTurn(frameBytesMax: store.frameBytesMax.value) {
            case .round(let round, let superseded):
                for request in superseded { request.resolve(.superseded) }
                if !round.isEmpty { commit(round, &pacing) }
                captureCheckpointIfDue(&pacing)
            case .idle:
                doChores(&pacing)
                queue.sleepJournal()
            case .closed:
                return
            }
        }
        abandonQueue()
    }

    /// Writes a round, in parts where the ring or the descriptors have no room for all of it at once.
    private func commit(_ round: [QueuedAppend], _ pacing: inout JournalPacing) {
        var rest = round[...]
        while !rest.isEmpty {
            guard makeRoom(for: rest, &pacing) else { break }
            let count = store.admissibleCount(of: rest.map(\.request))
            if count == 0 {
                // Too many files wait to be flushed: the checkpoint that flushes them wakes this thread.
                captureCheckpoint(&pacing)
                queue.sleepJournal()
                continue
            }
            let part = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            guard write(part, &pacing) else { break }
        }
        let reason = failure.reason ?? "the storage failed"
        for request in rest { request.resolve(.notWritten(reason)) }
    }

    /// One frame.
    /// - Returns: false when the storage has failed.
    private func write(_ round: [QueuedAppend], _ pacing: inout JournalPacing) -> Bool {
        let outcomes: [CommitOutcome]
        let measure = metrics.beginRound()
        do {
            outcomes = try store.commit(round.map(\.request))
        } catch {
            // The frame's write may have begun: nobody is told that nothing was stored.
            failure.fail(error.description)
            let isUnknown = !PlantedFault.noSideEffectsAfterFrame.isPlanted
            for request in round {
                request.resolve(isUnknown ? .outcomeUnknown(error.description) : .notWritten(error.description))
            }
            return false
        }
        metrics.endRound(measure, round)
        pacing.roundEnded(at: clock.now)
        publish(round, outcomes)
        if store.hasWriteback || store.isFull { flusher.wake() }
        return true
    }

    /// Moves the tails of all that was stored, and only then resolves: whoever is answered finds his record readable, and
    /// watchers of several partitions see the round as a whole.
    private func publish(_ round: [QueuedAppend], _ outcomes: [CommitOutcome]) {
        precondition(outcomes.count == round.count, "\(round.count) requests got \(outcomes.count) outcomes")
        for (request, outcome) in zip(round, outcomes) {
            guard case .committed(let ranges) = outcome else { continue }
            for (target, range) in zip(request.targets, ranges) { target.tail.advance(to: range.end) }
        }
        for (request, outcome) in zip(round, outcomes) {
            switch outcome {
            case .committed(let ranges): request.resolve(.stored(ranges))
            case .duplicate(let ranges): request.resolve(.duplicate(ranges))
            case .refused(let refusal): request.resolve(.refused(refusal))
            }
        }
    }

    /// Waits while the ring has no room for a round, and for a while when it has little.
    ///
    /// The flusher hurries meanwhile: a checkpoint is under way whenever this thread waits.
    /// - Returns: false when the storage has failed.
    private func makeRoom(for round: ArraySlice<QueuedAppend>, _ pacing: inout JournalPacing) -> Bool {
        let bytes = round.reduce(0) { $0 + $1.bytes }
        var begin: MonotonicInstant?
        defer { if let begin { metrics.noteDelay(clock.now.milliseconds - begin.milliseconds) } }
        while !hasFailed {
            captureCheckpointIfDue(&pacing)
            let room = store.ringRoom(forEntryBytes: bytes)
            let now = clock.now
            if room.isEnough {
                let delay = RoundDelay.milliseconds(room, checkpointMilliseconds: flusher.checkpointMilliseconds)
                let end = (begin ?? now).advanced(byMilliseconds: delay)
                if end <= now { return true }
                _ = clock.schedule(at: end) { [queue] in queue.wakeJournal() }
            } else {
                captureCheckpoint(&pacing)
            }
            begin = begin ?? now
            // The flusher wakes this thread when it is done, and so does a failure.
            queue.sleepJournal()
        }
        return false
    }

    /// Whether storage has failed, on this thread or on another: a read of the tail may have found it out.
    private var hasFailed: Bool {
        if failure.reason != nil { return true }
        guard store.hasFailed else { return false }
        failure.fail(StorageError.stopped.description)
        return true
    }

    private func captureCheckpointIfDue(_ pacing: inout JournalPacing) {
        if pacing.isCheckpointDue(at: clock.now, urgency: store.checkpointUrgency) { captureCheckpoint(&pacing) }
    }

    private func captureCheckpoint(_ pacing: inout JournalPacing) {
        guard let checkpoint = store.captureCheckpoint() else { return }
        pacing.checkpointCaptured(at: clock.now)
        flusher.take(checkpoint)
    }

    private func doChores(_ pacing: inout JournalPacing) {
        let now = clock.now
        if store.needsProofFrame, pacing.isProofDue(at: now) {
            do {
                try store.writeProofFrame()
            } catch {
                failure.fail(error.description)
                return
            }
        }
        captureCheckpointIfDue(&pacing)
        let timer = pacing.nextTimer(
            at: now,
            needsProof: store.needsProofFrame,
            urgency: store.checkpointUrgency
        )
        guard let timer else { return }
        // The queue alone is held, not this thread: the timer outlives a stop harmlessly.
        _ = clock.schedule(at: timer) { [queue] in queue.wakeJournal() }
    }

    private func abandonQueue() {
        let reason = failure.reason ?? "the broker stopped"
        for request in queue.fail() { request.resolve(.notWritten(reason)) }
    }
}
