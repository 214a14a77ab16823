public import RecordFormat
import SystemPackage

/// Idempotent producers: their numbers, their windows, and what is written of both.
extension LogStore {
    /// The number for a request of a producer: it is to be stamped into the request's batches (`CommitRequest`).
    ///
    /// Any thread. A name that has none yet gets one, which is durable with the first batch that carries it.
    /// - Returns: the refusal of a producer that is not known and does not begin at 0, or for which there is no room.
    public func producerNumber(of name: ProducerName, sequence: Int32) -> ProducerNumber {
        let now = wallTime()
        return producers.withLock { $0.number(of: name, sequence: sequence, at: now) }
    }

    /// Whether requests of producers may be committed for a topic.
    public func hasLoadedProducers(of topic: TopicID) -> Bool {
        producers.withLock { $0.topics[topic] != nil }
    }

    /// Loads what a topic's partitions tell of its producers; needed once a run, before the first request of a producer
    /// is queued for the topic.
    ///
    /// Blocks; any thread but the journal's. Several calls at once do no harm: the first that is done counts. A partition
    /// that is added meanwhile holds nothing of a producer, since no such request is queued for the topic yet.
    ///
    /// - Throws: `deleted`; `io` when it may be tried again; what stops the store.
    public func loadProducers(of topic: TopicID) throws(StorageError) {
        guard !health.hasFailed else { throw .stopped }
        let logs = table.withLock { table in table.logs.values.filter { $0.key.topic == topic } }
        let firstOfRun = producers.withLock { $0.firstOfRun }
        var partitions: [PartitionIndex: PartitionProducers] = [:]
        for log in logs { partitions[log.key.partition] = try log.readProducers(firstOfRun: firstOfRun) }
        let merged = TopicProducers(merging: partitions)
        let isThere = producers.withLock { producers in
            // Asked under this lock: a deletion takes the topic out of the table first, and then its windows.
            guard holds(topic) else { return false }
            producers.install(merged, of: topic)
            return true
        }
        guard isThere else { throw .deleted }
    }

    // MARK: Writing

    /// What a checkpoint is to write of the names, if they changed, and the number that the file then says is the next.
    ///
    /// Journal thread, between two rounds: all that is registered by now stands in frames before the checkpoint's LSN.
    func captureProducers() -> (changed: ProducerRegistry?, next: Int64) {
        let now = wallTime()
        return producers.withLock { producers in
            producers.sweep(at: now)
            let changed = producers.registry.takeChanges(
                at: now,
                idleMaxMilliseconds: configuration.producers.idleMaxMilliseconds
            )
            return (changed, producers.registry.savedNext)
        }
    }

    func save(_ names: ProducerRegistry) throws(FileError) {
        try fileSystem.replace(
            paths.producers,
            with: names.encoded(directory: meta.directoryID, at: wallTime()),
            fileSite: .producersFile,
            nameSite: .producersName
        )
    }

    /// Writes a snapshot of a partition's producers, before segments of it go into the manifest: from then on compaction
    /// and retention may take their batches.
    ///
    /// Flusher thread. What the snapshot holds is durable, as it comes from rounds whose flush has returned. The end is
    /// read before the windows, which a round changes before it moves the end: so every batch before the end is counted,
    /// and one behind it does no harm.
    /// - Returns: false when it could not be written; the segments then stay out of the manifest.
    func saveProducers(of log: PartitionLog) throws(FileError) -> Bool {
        let (end, run) = log.state.withLock { ($0.end, $0.epochs.run(before: $0.end)) }
        let partition = log.key.partition
        let topic = producers.withLock { $0.take([partition], of: log.key.topic) }
        let known = topic?.shares(of: [partition])[partition]
        let firstOfRun = producers.withLock { $0.firstOfRun }
        guard let shares = known ?? (try? log.readProducers(firstOfRun: firstOfRun)) else { return false }
        do throws(FileError) {
            try log.write(ProducerSnapshot(key: log.key, run: run, offset: end, producers: shares))
        } catch {
            guard error.operation != .flush else { throw error }
            return false
        }
        return true
    }

    /// Writes snapshots of all partitions that have something new, so that the next start need not read their logs.
    ///
    /// At a stop. One that cannot be written is left out: the log tells the same.
    func saveProducersAtStop() {
        let unsaved = producers.withLock { $0.topics.mapValues(\.unsaved).filter { !$0.value.isEmpty } }
        for (topic, partitions) in unsaved {
            guard let shares = producers.withLock({ $0.take(partitions, of: topic) })?.shares(of: partitions) else {
                continue
            }
            for (partition, share) in shares {
                guard let log = self.partition(PartitionKey(topic: topic, partition: partition)) else { continue }
                let (end, run) = log.state.withLock { ($0.end, $0.epochs.run(before: $0.end)) }
                try? log.write(ProducerSnapshot(key: log.key, run: run, offset: end, producers: share))
                log.removeOldSnapshots()
            }
        }
    }
}
