import NIOCore
import RecordFormat
import SystemPackage

/// The scrub of one segment: its bytes against the manifest's checksum, then, where that does not match, a second look past
/// the page cache, and then batch by batch for the first that is bad.
struct SegmentScrub: Sendable {
    private let id: SegmentID
    private let log: PartitionLog
    private var phase: Phase

    private enum Phase {
        /// The batches, each by its own checksum.
        case batches(BatchCheck?, Reason)
        /// The bytes, for a checksum of the whole file.
        case bytes(ScrubReader?, isSecondLook: Bool)
    }

    /// Why a segment is looked at batch by batch.
    private enum Reason {
        /// It has no checksums yet.
        case unsummed
        /// The same, after a look that found damage.
        case unsummedAgain
        /// Its bytes have not matched twice.
        case mismatch
    }

    /// What a step did.
    struct Outcome {
        var bytes = ByteCount(0)
        var finding: ScrubFinding?
        var isFinished = false
    }

    init(_ id: SegmentID, of log: PartitionLog) {
        self.id = id
        self.log = log
        phase = .bytes(nil, isSecondLook: false)
    }

    /// - Throws: `io` for a passing reason, `outcomeUnknown` after a failed flush.
    mutating func step() throws(StorageError) -> Outcome {
        // Held for one step, so that retention never waits for a lap.
        guard let held = log.hold(id) else { return Outcome(isFinished: true) }
        defer { held.segment.release() }
        do throws(StorageError) {
            switch phase {
            case .bytes(let reader, let isSecondLook):
                return try sum(reader, held, isSecondLook: isSecondLook)
            case .batches(let check, let reason):
                return try walk(check, held, reason)
            }
        } catch {
            switch error {
            case .corrupt: return suspect(held, error.description)
            case .io(let failure) where !failure.isPassing: return suspect(held, "\(failure)")
            default: throw error
            }
        }
    }

    private mutating func sum(
        _ reader: ScrubReader?,
        _ held: PartitionLog.SealedLog,
        isSecondLook: Bool
    ) throws(StorageError) -> Outcome {
        guard held.facts.checksums != nil || isSecondLook else {
            phase = .batches(nil, .unsummed)
            return Outcome()
        }
        let reader = if let reader { reader } else { try open(held) }
        let bytes = try StorageError.wrap { () throws(FileError) in try reader.step() }
        guard reader.isAtEnd else {
            phase = .bytes(reader, isSecondLook: isSecondLook)
            return Outcome(bytes: bytes)
        }
        var outcome = Outcome(bytes: bytes)
        guard let known = held.facts.checksums else {
            try complete(held, log: reader.checksum)
            outcome.isFinished = true
            return outcome
        }
        if known.log == reader.checksum {
            outcome.finding = compareIndexes(held, known)
            outcome.isFinished = true
        } else {
            lookAgain(held, wasSecondLook: isSecondLook)
        }
        return outcome
    }

    private func open(_ held: PartitionLog.SealedLog) throws(StorageError) -> ScrubReader {
        try StorageError.wrap { () throws(FileError) in
            try ScrubReader(held.segment.path, size: held.facts.size, fileSystem: log.fileSystem)
        }
    }

    /// The bytes may have been read wrong: once more, from the device; then the batches, for the first that is bad.
    private mutating func lookAgain(_ held: PartitionLog.SealedLog, wasSecondLook: Bool) {
        try? held.segment.file().dropCache()
        phase = wasSecondLook ? .batches(nil, .mismatch) : .bytes(nil, isSecondLook: true)
    }

    /// Something cannot be read, or is not what it should be: damage, if it was looked at twice.
    private mutating func suspect(_ held: PartitionLog.SealedLog, _ text: String) -> Outcome {
        switch phase {
        case .bytes(_, isSecondLook: false) where held.facts.checksums != nil:
            lookAgain(held, wasSecondLook: false)
            return Outcome()
        case .batches(_, .unsummed):
            try? held.segment.file().dropCache()
            phase = .batches(nil, .unsummedAgain)
            return Outcome()
        default:
            return damaged(text)
        }
    }

    private mutating func walk(
        _ check: BatchCheck?,
        _ held: PartitionLog.SealedLog,
        _ reason: Reason
    ) throws(StorageError) -> Outcome {
        var check =
            check
            ?? BatchCheck(
                held.segment,
                limit: held.facts.size,
                end: held.facts.end,
                epochs: log.epochs
            )
        let before = check.position
        let isAtEnd = try check.step(bytesMax: Scrub.stepBytesMax.value)
        let bytes = check.position - before
        guard isAtEnd else {
            phase = .batches(check, reason)
            return Outcome(bytes: bytes)
        }
        if case .mismatch = reason {
            // Every batch is whole where it belongs, and of the run that wrote it: they are another log's.
            let text = "\(held.segment.path) does not match its checksum, though every batch in it is whole"
            log.noteStranger(id, text)
            return damaged(text)
        }
        phase = .bytes(nil, isSecondLook: true)
        return Outcome(bytes: bytes)
    }

    private func damaged(_ text: String) -> Outcome {
        log.noteDamage(text)
        return Outcome(finding: .damage(log.key, text), isFinished: true)
    }

    /// Gives a segment the checksums that the flusher could not compute.
    private func complete(_ held: PartitionLog.SealedLog, log checksum: UInt32) throws(StorageError) {
        guard let checksums = log.checksums(of: held, log: checksum) else { return }
        do throws(FileError) {
            try log.setChecksums(checksums, of: id)
        } catch {
            // For want of room, say: the next lap tries again.
            if error.isFailedFlush { throw .outcomeUnknown(error) }
        }
    }

    /// A derived file that is not what it should be is made again; it is never damage.
    private func compareIndexes(_ held: PartitionLog.SealedLog, _ known: SealedSegment.Checksums) -> ScrubFinding? {
        guard let wrong = log.wrongIndex(of: held, known) else { return nil }
        log.rebuildIndexes(of: held)
        return .rebuiltIndex(wrong)
    }
}
