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

    private func commit(_ round: [QueuedAppend], _ pacing: inout JournalPacing) {
        guard waitForRing(&pacing) else {
            let reason = failure.reason ?? "the storage failed"
            for request in round { request.resolve(.notWritten(reason)) }
            return
        }
        let outcomes: [CommitOutcome]
        let measure = metrics.beginRound()
        do {
            outcomes = try store.commit(round.map(\.request))
        } catch {
            // The frame's write may have begun: nobody is told that nothing was stored.
            failure.fail(error.description)
            for request in round { request.resolve(.outcomeUnknown(error.description)) }
            return
        }
        metrics.endRound(measure, round)
        pacing.roundEnded(at: clock.now)
        publish(round, outcomes)
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

    /// Waits while the ring has no room for a frame; false when the storage failed meanwhile.
    private func waitForRing(_ pacing: inout JournalPacing) -> Bool {
        while store.checkpointUrgency == .mustWait {
            captureCheckpoint(&pacing)
            if hasFailed { return false }
            // The flusher wakes this thread when it is done, and so does a failure.
            queue.sleepJournal()
            if hasFailed { return false }
        }
        return !hasFailed
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
