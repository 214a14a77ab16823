import NIOCore
import RecordFormat
import SegmentStore
import SystemPackage

extension StoreClient {
    /// Makes a topic of two partitions; where nothing else is said its records may have keys, of which only the newest need
    /// stay.
    func createTopic(settings: [String: String]? = nil) throws(StorageError) {
        let id = newTopicID()
        let topic = StoredTopic(
            id: id,
            name: TopicName(internal: "t\(id.tag)"),
            partitionCount: 2,
            settings: settings ?? (chance(percent: 40) ? StoredTopic.compacted : [:])
        )
        change { $0.creating = topic }
        note()
        do throws(StorageError) {
            try store.createTopic(topic)
        } catch {
            // Refused, and not only unknown: then it does not come later either.
            if !store.hasFailed { change { $0.creating = nil } }
            throw error
        }
        change { history in
            history.creating = nil
            history.topics[id] = topic
        }
    }

    /// Gives some topic one more partition.
    func growTopic() throws(StorageError) {
        guard let id = someTopic(), var topic = history.topics[id], topic.partitionCount < 4, !topic.isCompacted,
            !history.producers.lines.contains(where: { $0.topic == id })
        else {
            return
        }
        topic.partitionCount += 1
        let changed = topic
        change { $0.changing = changed }
        note()
        do throws(StorageError) {
            try store.changeTopic(changed)
        } catch {
            if !store.hasFailed { change { $0.changing = nil } }
            throw error
        }
        change { history in
            history.changing = nil
            history.topics[id] = changed
        }
    }

    /// Deletes some topic, unless it is the only one.
    func deleteTopic() throws(StorageError) {
        guard history.topics.count > 1, let id = someTopic() else { return }
        change { $0.deleting = id }
        note()
        let outcomes = try store.commit([CommitRequest(appends: [], deletedTopic: id)])
        change { $0.deleting = nil }
        guard case .committed = outcomes.first else { return noteFailure("a topic's deletion was refused") }
        change { $0.forget(id) }
    }

    /// Takes a checkpoint and completes it, sometimes with a round in between.
    func checkpoint(isInterrupted: Bool = false) throws(StorageError) {
        guard let checkpoint = store.captureCheckpoint() else { return }
        try withRound(atCall: isInterrupted ? below(8) : nil) { () throws(StorageError) in
            try complete(checkpoint)
        }
    }

    /// Compacts the partitions of a topic whose records have keys, sometimes with a round in between, and lets the old
    /// files go.
    func compact(isInterrupted: Bool = false) throws(StorageError) {
        guard let id = someTopic(), let topic = history.topics[id] else { return }
        try withRound(atCall: isInterrupted ? below(12) : nil) { () throws(StorageError) in
            try compact(topic, mapBytesMax: chance(percent: 30) ? ByteCount(500) : .mebibytes(1))
        }
    }

    /// Compacts a topic's partitions, if its records have keys.
    func compact(_ topic: StoredTopic, mapBytesMax: ByteCount = .mebibytes(1)) throws(StorageError) {
        guard topic.isCompacted else { return }
        let policy = StoreWorkload.compactionPolicy(mapBytesMax: mapBytesMax)
        for index in 0..<topic.partitionCount {
            let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
            _ = try store.compact(key, policy: policy, now: clock.now)
        }
        try store.removeRetiredFiles()
    }

    /// Completes a checkpoint; one that found no room, or no descriptor, is tried again.
    func complete(_ checkpoint: Checkpoint) throws(StorageError) {
        do throws(StorageError) {
            try store.complete(checkpoint)
        } catch {
            if store.hasFailed { throw error }
            try store.complete(checkpoint)
        }
    }

    /// Two checkpoints at once: the second is not to be had before the first is complete.
    func twoCheckpoints() throws(StorageError) {
        guard let first = store.captureCheckpoint() else { return }
        try commitSomeRound()
        if let second = store.captureCheckpoint() { try complete(second) }
        note()
        try complete(first)
    }

    /// Stops in order.
    func close() throws(StorageError) {
        change { $0.isClosing = true }
        note()
        try store.close()
    }

    /// Writes an empty frame where the last one is unproven.
    func prove() throws(StorageError) {
        if store.needsProofFrame { try store.writeProofFrame() }
    }

    /// One round of one to three requests, each of one or two batches in partitions of any topic; the first may delete a
    /// prefix.
    func commitSomeRound() throws(StorageError) {
        var round: [[StoreHistory.Append]] = []
        for _ in 0..<(1 + below(3)) {
            var appends: [StoreHistory.Append] = []
            for _ in 0..<(1 + below(2)) {
                guard let id = someTopic(), let count = history.topics[id]?.partitionCount else { continue }
                let key = PartitionKey(topic: id, partition: PartitionIndex(Int32(below(Int(count)))))
                appends.append(append(to: key, count: 1 + below(3)))
            }
            round.append(appends)
        }
        try commit(round, deleting: somePrefix())
    }

    /// A round whose segment cannot be written, for want of room: all of it is refused.
    func commitWithoutRoom() throws(StorageError) {
        let written = ByteCount(below(200))
        fileSystem.plan(.shortWrite(written, .noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        defer { fileSystem.forgetRules() }
        try expectingRefusals { () throws(StorageError) in try commitSomeRound() }
        // There is room again, and the store looks for it.
        store.updateSpace()
    }

    /// Commits requests as one round; the first may delete a prefix, too.
    func commit(
        _ round: [[StoreHistory.Append]],
        deleting prefix: PrefixDeletion? = nil
    ) throws(StorageError) {
        change { $0.committing = round }
        begin(prefix)
        note()
        var requests = round.map { appends in CommitRequest(appends: appends.map(Self.part)) }
        if prefix != nil { requests[0].deletedPrefix = prefix }
        let outcomes = try store.commit(requests)
        change { $0.committing = [] }
        end(prefix, outcomes.first)
        for (appends, outcome) in zip(round, outcomes) {
            switch outcome {
            case .committed:
                change { $0.acknowledge(appends) }
            case .refused(let refusal):
                change { $0.refuse(appends) }
                noteFailure("\(refusal)")
            case .duplicate:
                noteFailure("a request without a producer is taken for a duplicate")
            }
        }
    }

    private static func part(_ append: StoreHistory.Append) -> PartitionAppend {
        let batch = StoreWorkload.batch(append.values, at: append.timestamp)
        return PartitionAppend(key: append.key, batches: [batch])
    }
}
