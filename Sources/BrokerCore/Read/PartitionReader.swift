import RecordFormat
import SegmentStore

/// Bounded reads of one partition; they block, and so run on the read pool.
enum PartitionReader {
    /// What one read of one partition found.
    struct Outcome: Sendable {
        /// What retention had removed before it was read, or what is damaged.
        var gap: ReadResult.Gap?
        /// Whole batches, none at the end of the log.
        var batches: [RecordBatch] = []
        /// The offset that `batches` were read from: the one asked for, or the end of the gap.
        var start: Offset
        /// Where to go on.
        var next: Offset

        /// The bytes of the batches.
        var bytes: Int { batches.reduce(0) { $0 + $1.encodedBytes.value } }

        /// The same once the gap has been told.
        var withoutGap: Outcome {
            var outcome = self
            outcome.gap = nil
            return outcome
        }

        /// What is left of it from an offset on.
        func dropping(before offset: Offset) -> Outcome {
            guard offset > start else { return self }
            return Outcome(gap: gap, batches: batches.filter { $0.nextOffset > offset }, start: offset, next: next)
        }

        /// What of it lies before an offset.
        func ending(at end: Offset) -> Outcome {
            guard next > end else { return self }
            var outcome = Outcome(batches: batches.filter { $0.baseOffset < end }, start: min(start, end), next: end)
            outcome.gap = gap.map { gap in
                ReadResult.Gap(partition: gap.partition, from: gap.from, to: min(gap.to, end), reason: gap.reason)
            }
            if outcome.start == end { outcome.batches = [] }
            return outcome
        }

        /// The first records, as many as `load` allows, at least one where there is one, and what is left of them.
        ///
        /// Records are counted, not offsets: compaction leaves holes, and a part of nothing but a hole would leave a member
        /// nothing to commit. A batch across the cut is in both parts, and its bytes are shared by its records evenly.
        func split(atMost load: DeliveryLoad) -> (first: Outcome, load: DeliveryLoad, rest: Outcome?) {
            var taken = DeliveryLoad.zero
            for batch in batches where !batch.isControl {
                let recordBytes = Int64(batch.encodedBytes.value / max(batch.recordCount, 1))
                let byBytes = (load.bytes - taken.bytes) / max(recordBytes, 1)
                let room = max(min(load.records - taken.records, byBytes), taken.records == 0 ? 1 : 0)
                let offsets = batch.recordOffsets(from: start, to: next, atMost: room)
                taken = taken + DeliveryLoad(records: offsets.count, bytes: offsets.count * recordBytes)
                guard let cut = offsets.following else { continue }
                let first = Outcome(batches: batches.filter { $0.baseOffset < cut }, start: start, next: cut)
                let rest = Outcome(batches: batches.filter { $0.nextOffset > cut }, start: cut, next: next)
                return (first, taken, rest)
            }
            return (self, taken, nil)
        }
    }

    /// The first offset whose record is not earlier than a time.
    static func offset(at time: Timestamp, in partition: Partition) throws(BrokerError) -> Offset {
        do {
            return try partition.log.offset(at: time)
        } catch {
            throw failure(error, partition)
        }
    }

    /// Reads whole batches from `next` on where they are in memory; nil where only `read` can tell what is there.
    ///
    /// Never blocks.
    static func readTail(_ partition: Partition, from next: Offset, bytesMax: Int) -> Outcome? {
        guard let slice = partition.log.readTail(from: next, bytesMax: ByteCount(bytesMax)) else { return nil }
        return Outcome(batches: slice.batches, start: next, next: slice.next)
    }

    /// Reads whole batches from `next` on, about `bytesMax`, at least one if there is one.
    static func read(_ partition: Partition, from next: Offset, bytesMax: Int) throws(BrokerError) -> Outcome {
        var outcome = Outcome(start: next, next: next)
        // Retention may overtake the reader between the look at the log start and the read, but never for ever: each
        // turn begins at a higher log start.
        while true {
            let marks = partition.log.watermarks
            if outcome.next < marks.logStart.offset {
                outcome.gap = ReadResult.Gap(partition: partition.identity, from: next, to: marks.logStart.offset)
                outcome.start = marks.logStart.offset
                outcome.next = marks.logStart.offset
            }
            if outcome.next == marks.visible.offset { return outcome }
            do {
                let slice = try partition.log.read(from: outcome.next, bytesMax: ByteCount(bytesMax))
                guard let hole = slice.hole else {
                    outcome.batches = slice.batches
                    outcome.next = slice.next
                    return outcome
                }
                // One gap at a time: another is told by the next read, which begins at it.
                if outcome.gap != nil { return outcome }
                outcome.gap = ReadResult.Gap(
                    partition: partition.identity,
                    from: hole.from,
                    to: hole.to,
                    reason: .damage
                )
                outcome.start = hole.to
                outcome.next = hole.to
            } catch .offsetOutOfRange(let asked, let logStart, _) where asked < logStart {
                continue
            } catch {
                throw failure(error, partition)
            }
        }
    }

    /// Above the checkpoint a failed read is a lost write: only a recovery can give those bytes back.
    private static func failure(_ error: StorageError, _ partition: Partition) -> BrokerError {
        if case .outcomeUnknown = error { partition.failure.fail(error.description) }
        return BrokerError(error, partition: partition.identity)
    }
}
