import SegmentStore

/// When the journal thread does its chores: a value that is asked between rounds.
struct JournalPacing: Sendable {
    /// An idle journal proves its last frame with an empty one after this long (rule 5 of the journal).
    let proofDelayMilliseconds: Int64
    /// A dirty store takes a checkpoint this often.
    let checkpointIntervalMilliseconds: Int64

    private var lastRound: MonotonicInstant
    private var lastCheckpoint: MonotonicInstant
    /// The timer that is set already: an idle thread wants one at most.
    private var armed: MonotonicInstant?

    init(now: MonotonicInstant, proofDelayMilliseconds: Int64 = 20, checkpointIntervalMilliseconds: Int64) {
        self.proofDelayMilliseconds = proofDelayMilliseconds
        self.checkpointIntervalMilliseconds = checkpointIntervalMilliseconds
        lastRound = now
        lastCheckpoint = now
    }

    mutating func roundEnded(at now: MonotonicInstant) {
        lastRound = now
    }

    mutating func checkpointCaptured(at now: MonotonicInstant) {
        lastCheckpoint = now
    }

    /// Whether the last frame has stood alone for long enough.
    func isProofDue(at now: MonotonicInstant) -> Bool {
        now >= proofTime
    }

    func isCheckpointDue(at now: MonotonicInstant, urgency: CheckpointUrgency) -> Bool {
        switch urgency {
        case .none: false
        case .wanted: now >= checkpointTime
        case .due, .hurry, .mustWait: true
        }
    }

    /// The timer that an idle thread needs and has not set yet.
    mutating func nextTimer(
        at now: MonotonicInstant,
        needsProof: Bool,
        urgency: CheckpointUrgency
    ) -> MonotonicInstant? {
        if let set = armed, set <= now { armed = nil }
        var wanted: MonotonicInstant?
        if urgency != .none { wanted = checkpointTime }
        if needsProof { wanted = wanted.map { min($0, proofTime) } ?? proofTime }
        guard let wanted, wanted > now, armed.map({ wanted < $0 }) ?? true else { return nil }
        armed = wanted
        return wanted
    }

    private var proofTime: MonotonicInstant { lastRound.advanced(byMilliseconds: proofDelayMilliseconds) }
    private var checkpointTime: MonotonicInstant {
        lastCheckpoint.advanced(byMilliseconds: checkpointIntervalMilliseconds)
    }
}
