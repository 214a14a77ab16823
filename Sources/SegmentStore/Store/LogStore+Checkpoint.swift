import RecordFormat
import SystemPackage

/// A checkpoint that was captured and is to be completed by the flusher.
public struct Checkpoint: Sendable {
    let record: CheckpointRecord
    let dirty: [CapturedPartition]
    let deletedTopics: [TopicID]
    /// The names of producers, if the file does not say them yet.
    let producers: ProducerRegistry?

    /// What of the tails in memory it covers once it is complete.
    public var tails: CoveredTails { CoveredTails(logs: dirty.map(\.log)) }

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

/// Batches that are still in memory though a checkpoint covers them.
public struct CoveredTails: Sendable {
    let logs: [PartitionLog]

    /// Lets go of them.
    public func letGo() { for log in logs { log.letGoOfCoveredTail() } }
}

extension LogStore {
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
        let producers = captureProducers()
        let record = CheckpointRecord(
            generation: journal.generation,
            lsn: journal.next,
            run: run,
            isClean: isClean,
            nextProducer: producers.next,
            rows: rows
        )
        for partition in journal.dirty.values where partition.log.isDeleted {
            for segment in partition.segments { letGo(segment) }
        }
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
        return Checkpoint(record: record, dirty: dirty, deletedTopics: deleted, producers: producers.changed)
    }

    /// Flushes what a checkpoint captured, records it, and lets the ring move on.
    ///
    /// Flusher thread only; blocks.
    ///
    /// - Parameter keepsTails: whether what it covers stays in memory until `tails` of the checkpoint are let go of, for readers
    ///   that lag a little.
    /// - Throws: `outcomeUnknown` or `stopped`: a failed flush is never repeated, the process must exit. `io` when there is
    ///   no room or no descriptor for it now, and no flush has failed: it may be called again, or `abandon`.
    public func complete(_ checkpoint: Checkpoint, keepsTails: Bool = false) throws(StorageError) {
        let activity = StoreActivity.checkpoint(generation: checkpoint.record.generation)
        configuration.observer.begins(activity)
        var record = checkpoint.record
        do throws(StorageError) {
            try judging { () throws(FileError) in
                if PlantedFault.recordBeforeFlush.isPlanted { try slots.write(record) }
                try flush(checkpoint)
            }
            guard !health.hasFailed || PlantedFault.failedFlagUnchecked.isPlanted else { throw .stopped }
            if PlantedFault.lsnCapturedAfterDirtySet.isPlanted { record.lsn = journal.withLock { $0.next } }
            if PlantedFault.limitBeforeRecordFlushed.isPlanted { limit.store(record.lsn.value, ordering: .releasing) }
            try judging { () throws(FileError) in
                try slots.write(record)
                if PlantedFault.manifestAfterRecord.isPlanted { try extendManifests(checkpoint) }
            }
        } catch {
            // Given up for now; after a failed flush the process ends within it.
            if case .io = error { configuration.observer.ends(activity) }
            throw error
        }
        for partition in checkpoint.dirty {
            partition.log.noteCheckpoint(end: partition.end, keepsTail: keepsTails)
            for segment in partition.segments {
                if partition.log.isDeleted { letGo(segment) } else { segment.unpin() }
            }
        }
        let step = PlantedFault.limitBackwards.isPlanted ? UInt64(ring.ringBytes) : 0
        limit.store(checkpoint.record.lsn.value &- step, ordering: .releasing)
        if PlantedFault.markClearedAfterFlush.isPlanted { journal.withLock { $0.dirty = [:] } }
        journal.withLock { $0.isCheckpointing = false }
        for partition in checkpoint.dirty {
            let limits = SegmentLimits(of: partition.log, configuration)
            partition.log.prepareSpare(segmentBytesMax: limits.bytesMax)
        }
        removeDeleted(checkpoint.deletedTopics)
        space.update()
        configuration.observer.ends(activity)
    }

    /// Gives a checkpoint up that could not be completed for want of room: the next one covers what it would have.
    ///
    /// Its generation is taken again, so that the newest record is never written over.
    public func abandon(_ checkpoint: Checkpoint) {
        if checkpoint.producers != nil { producers.withLock { $0.registry.noteUnsaved() } }
        journal.withLock { journal in
            journal.generation -= 1
            journal.isCheckpointing = false
            journal.deletedTopics = checkpoint.deletedTopics + journal.deletedTopics
            for partition in checkpoint.dirty {
                journal.dirty[partition.log.key, default: DirtyPartition(log: partition.log)].readd(partition)
            }
        }
    }

    /// Tells a failed flush, which ends the process, from a want of room or of descriptors, which passes.
    private func judging(_ work: () throws(FileError) -> Void) throws(StorageError) {
        do throws(FileError) {
            try work()
        } catch {
            if error.isNoSpace { space.noteRefusal() }
            guard !error.mayPass else { throw .io(error) }
            if !PlantedFault.errorSwallowedByOtherThread.isPlanted { health.fail() }
            throw .outcomeUnknown(error)
        }
    }

    /// Forgets a segment of a deleted topic, which nobody flushes any more.
    private func letGo(_ segment: Segment) {
        writeback.forget(segment)
        segment.unpin()
    }

    private func removeDeleted(_ topics: [TopicID]) {
        for topic in topics {
            guard !health.hasFailed else { return }
            // The deletion is durable and the name is gone: what is left of the files is removed at the next start.
            try? fileSystem.removeTree(paths.deletedTopic(topic))
        }
    }

    /// One file at a time: each flush waits for all that the device has been given.
    private func flush(_ checkpoint: Checkpoint) throws(FileError) {
        for partition in checkpoint.dirty where !partition.log.isDeleted {
            if PlantedFault.sealedBeforeFlushed.isPlanted { try extendManifest(partition) }
            for segment in partition.segments {
                writeback.forget(segment)
                if PlantedFault.dirtyDescriptorReopened.isPlanted { segment.close() }
                try segment.file().flush(.segment)
            }
            try partition.log.nameSegments(partition.segments)
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
        for topic in checkpoint.deletedTopics where try fileSystem.kind(of: paths.topic(topic)) != nil {
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
        for log in logs {
            log.removeSpare()
            log.closeFiles()
        }
        keeper.emptyReserve()
    }
}
