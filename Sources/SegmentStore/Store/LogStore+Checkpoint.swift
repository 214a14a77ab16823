import RecordFormat
import SystemPackage

/// How badly a checkpoint is wanted.
public enum CheckpointUrgency: Hashable, Comparable, Sendable {
    /// Nothing was written since the last one.
    case none
    /// Something was written: within a second or two.
    case wanted
    /// Much was written: now.
    case due
    /// Less than a quarter of the ring is free: rounds are to be slowed.
    case hurry
    /// The next frame might not fit: no round before the running checkpoint is complete.
    case mustWait
}

/// A checkpoint that was captured and is to be completed by the flusher.
public struct Checkpoint: Sendable {
    let record: CheckpointRecord
    let dirty: [CapturedPartition]
    let deletedTopics: [TopicID]
    /// The names of producers, if the file does not say them yet.
    let producers: ProducerRegistry?

    /// The files of one partition that are to be flushed.
    struct CapturedPartition: Sendable {
        let log: PartitionLog
        let segments: [Segment]
        let hasNewNames: Bool
        /// Sealed, and to be listed in the manifest.
        let sealed: [SealedSegment]
        let end: PartitionLog.LogPlace
    }
}

extension LogStore {
    /// How badly a checkpoint is wanted at this moment.
    ///
    /// Any thread; the journal thread asks before each round.
    public var checkpointUrgency: CheckpointUrgency {
        journal.withLock { journal in
            let used = journal.next.value - limit.load(ordering: .acquiring)
            if PlantedFault.ringOverrun.isPlanted { return .wanted }
            let free = UInt64(ring.ringBytes) - used
            // Room for a round's two frames and the empty one that proves them.
            if free < UInt64(2 * ring.frameBytesMax + ring.block) { return .mustWait }
            if free < UInt64(ring.ringBytes / 4) { return .hurry }
            if used >= UInt64(configuration.checkpointBytesMax.value) || free < UInt64(ring.ringBytes / 2) {
                return .due
            }
            return journal.dirty.isEmpty && journal.deletedTopics.isEmpty ? .none : .wanted
        }
    }

    /// Takes stock between two rounds: the next LSN, a row for every partition, and the set of dirty files, whose
    /// marks are cleared here, before the flush.
    ///
    /// Journal thread only.
    /// - Returns: nil when one is in progress.
    public func captureCheckpoint() -> Checkpoint? {
        journal.withLock { journal in
            let isOther = journal.isCheckpointing && !PlantedFault.twoCheckpointsAtOnce.isPlanted
            guard !isOther, !health.hasFailed else { return nil }
            journal.isCheckpointing = true
            return capture(&journal, isClean: false)
        }
    }

    private func capture(_ journal: inout JournalState, isClean: Bool) -> Checkpoint {
        journal.generation += 1
        let logs = table.withLock { Array($0.logs.values) }
        let rows = logs.map { $0.captureRow() }
        let record = CheckpointRecord(
            generation: journal.generation,
            lsn: journal.next,
            run: run,
            isClean: isClean,
            rows: rows
        )
        let dirty = journal.dirty.values.filter { !$0.log.isDeleted }.map { partition in
            let (sealed, end) = partition.log.captureSealed()
            return Checkpoint.CapturedPartition(
                log: partition.log,
                segments: partition.segments,
                hasNewNames: partition.hasNewNames,
                sealed: sealed,
                end: end
            )
        }
        let deleted = journal.deletedTopics
        journal.dirty = [:]
        journal.deletedTopics = []
        return Checkpoint(record: record, dirty: dirty, deletedTopics: deleted, producers: captureProducers())
    }

    /// Flushes what a checkpoint captured, records it, and lets the ring move on.
    ///
    /// Flusher thread only; blocks.
    ///
    /// - Throws: `outcomeUnknown` or `stopped`: a failed flush is never repeated, the process must exit.
    public func complete(_ checkpoint: Checkpoint) throws(StorageError) {
        configuration.observer.begins(.checkpoint(generation: checkpoint.record.generation))
        var record = checkpoint.record
        do throws(FileError) {
            if PlantedFault.recordBeforeFlush.isPlanted { try slots.write(record) }
            try flush(checkpoint)
        } catch {
            health.fail()
            throw .outcomeUnknown(error)
        }
        guard !health.hasFailed || PlantedFault.failedFlagUnchecked.isPlanted else { throw .stopped }
        if PlantedFault.lsnCapturedAfterDirtySet.isPlanted { record.lsn = journal.withLock { $0.next } }
        if PlantedFault.limitBeforeRecordFlushed.isPlanted { limit.store(record.lsn.value, ordering: .releasing) }
        do throws(FileError) {
            try slots.write(record)
            if PlantedFault.manifestAfterRecord.isPlanted { try extendManifests(checkpoint) }
        } catch {
            health.fail()
            throw .outcomeUnknown(error)
        }
        for partition in checkpoint.dirty { partition.log.noteCheckpoint(end: partition.end) }
        let step = PlantedFault.limitBackwards.isPlanted ? UInt64(ring.ringBytes) : 0
        limit.store(checkpoint.record.lsn.value &- step, ordering: .releasing)
        if PlantedFault.markClearedAfterFlush.isPlanted { journal.withLock { $0.dirty = [:] } }
        configuration.observer.ends(.checkpoint(generation: checkpoint.record.generation))
        journal.withLock { $0.isCheckpointing = false }
        for topic in checkpoint.deletedTopics {
            // The deletion is durable and the name is gone: what is left of the files is removed at the next start.
            try? fileSystem.removeTree(paths.deletedTopic(topic))
        }
    }

    private func flush(_ checkpoint: Checkpoint) throws(FileError) {
        for partition in checkpoint.dirty where !partition.log.isDeleted {
            if PlantedFault.sealedBeforeFlushed.isPlanted { try extendManifest(partition) }
            for segment in partition.segments {
                if PlantedFault.dirtyDescriptorReopened.isPlanted { segment.close() }
                try segment.file().flush(.segment)
            }
            partition.log.writeIndexes(of: partition.sealed)
            let areProducersSaved = partition.sealed.isEmpty ? true : try saveProducers(of: partition.log)
            let hasNames = partition.hasNewNames || !partition.sealed.isEmpty
            if hasNames, !PlantedFault.newDirectoryUnflushed.isPlanted {
                try fileSystem.flushDirectory(partition.log.directory, .segmentNames)
            }
            guard areProducersSaved else { continue }
            let isElsewhere =
                PlantedFault.sealedBeforeFlushed.isPlanted || PlantedFault.manifestAfterRecord.isPlanted
            if !isElsewhere { try extendManifest(partition) }
            if !partition.sealed.isEmpty { partition.log.removeOldSnapshots() }
        }
        if checkpoint.record.isClean { saveProducersAtStop() }
        if let names = checkpoint.producers { try save(names) }
        guard !checkpoint.deletedTopics.isEmpty else { return }
        for topic in checkpoint.deletedTopics {
            try fileSystem.rename(paths.topic(topic), to: paths.deletedTopic(topic))
        }
        try fileSystem.flushDirectory(paths.topics, .topicRemoved)
    }

    private func extendManifest(_ partition: Checkpoint.CapturedPartition) throws(FileError) {
        guard !partition.sealed.isEmpty else { return }
        try partition.log.extendManifest(by: partition.log.summedUp(partition.sealed))
    }

    /// Stops in order: a last checkpoint, marked clean, so that the next start has nothing to read.
    ///
    /// Nothing may be in flight: no round, no checkpoint, no read. After a failure it only gives up the lock.
    public func close() throws(StorageError) {
        defer { lock.release() }
        guard !health.hasFailed else { return }
        let checkpoint = journal.withLock { journal in
            precondition(!journal.isCheckpointing, "a checkpoint is in progress while the store closes")
            journal.isCheckpointing = true
            return capture(&journal, isClean: true)
        }
        try complete(checkpoint)
        journal.withLock { $0.ring.file.close() }
        let logs = table.withLock { Array($0.logs.values) }
        for log in logs { log.closeFiles() }
    }
}
