import RecordFormat
import SystemPackage

extension LogStore {
    /// Changes a topic's settings, and adds partitions: durable when it returns, and only then known.
    ///
    /// Blocks; any thread.
    ///
    /// The added partitions' directories are durable before the `topic` file counts them, and that file before a frame can
    /// name one of them. A crash leaves the old description or the new one; directories that the old one does not count
    /// are taken over by the next attempt.
    /// - Parameter changed: the topic as it is to be: the same identity, name and first count, at least as many partitions.
    /// - Throws: `deleted` when there is no such topic, `io` when nothing was changed, `outcomeUnknown` when the process must
    ///   exit.
    public func changeTopic(_ changed: StoredTopic) throws(StorageError) {
        guard !health.hasFailed else { throw .stopped }
        try administration.withLock { _ throws(StorageError) in
            guard let known = table.withLock({ $0.topics[changed.id] }) else { throw .deleted }
            precondition(
                changed.name == known.name && changed.initialPartitionCount == known.initialPartitionCount
                    && changed.partitionCount >= known.partitionCount,
                "a change of \(known) cannot make it \(changed)"
            )
            let added = known.partitionCount..<changed.partitionCount
            try makePartitions(added, of: changed.id)
            try replaceDescription(changed)
            table.withLock { $0.change(to: changed, adding: added.map { newLog(key(changed.id, $0), of: changed) }) }
        }
    }

    private func key(_ topic: TopicID, _ index: Int32) -> PartitionKey {
        PartitionKey(topic: topic, partition: PartitionIndex(index))
    }

    private func makePartitions(_ added: Range<Int32>, of topic: TopicID) throws(StorageError) {
        guard !added.isEmpty else { return }
        do throws(FileError) {
            for index in added {
                do throws(FileError) {
                    try fileSystem.createDirectory(paths.partition(key(topic, index)))
                } catch {
                    // An attempt that a crash ended has left it, empty.
                    guard error.code == .fileExists else { throw error }
                }
            }
            try fileSystem.flushDirectory(paths.topic(topic), .addedPartitions)
        } catch {
            throw failure(error, isUncertain: error.isFailedFlush)
        }
    }

    private func replaceDescription(_ changed: StoredTopic) throws(StorageError) {
        if PlantedFault.frameBeforeTopicFlushed.isPlanted { return }
        do throws(FileError) {
            try fileSystem.replace(
                paths.topic(changed.id).appending("topic"),
                with: changed.encoded(directory: meta.directoryID),
                fileSite: .changedTopic,
                nameSite: .changedTopicName
            )
        } catch {
            // The directory was opened before the rename: from there on no descriptor can be missing.
            let hasBegun = error.operation == .rename || error.isOfFlush
            throw failure(error, isUncertain: hasBegun)
        }
    }
}

extension TopicTable {
    /// Takes over a changed description and the logs of added partitions.
    fileprivate mutating func change(to topic: StoredTopic, adding added: [PartitionLog]) {
        // A deletion may have become durable meanwhile: nothing comes back then.
        guard topics[topic.id] != nil else { return }
        topics[topic.id] = topic
        for log in added { logs[log.key] = log }
        for index in 0..<topic.partitionCount {
            let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
            logs[key]?.adopt(topic)
        }
    }
}
