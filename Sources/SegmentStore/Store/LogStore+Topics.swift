import NIOCore
import RecordFormat
import SystemPackage

/// The topics, and the logs of their partitions.
struct TopicTable {
    var topics: [TopicID: StoredTopic] = [:]
    var logs: [PartitionKey: PartitionLog] = [:]
}

extension LogStore {
    /// All topics, in no particular order.
    public func topics() -> [StoredTopic] {
        table.withLock { Array($0.topics.values) }
    }

    /// Makes a topic: durable when it returns, and only then known.
    ///
    /// Blocks; any thread.
    ///
    /// Its directory is made under another name and renamed, so that a crash leaves all of it or nothing that counts.
    public func createTopic(_ topic: StoredTopic) throws(StorageError) {
        precondition(topic.partitionCount > 0, "a topic has at least one partition, not \(topic.partitionCount)")
        guard !health.hasFailed else { throw .stopped }
        try administration.withLock { _ throws(StorageError) in
            let made = paths.newTopic(topic.id)
            let directory: any StoreDirectory
            do throws(FileError) {
                try fill(made, with: topic)
                directory = try fileSystem.openDirectory(paths.topics)
            } catch {
                throw failure(error, isUncertain: error.isFailedFlush)
            }
            defer { directory.close() }
            do throws(FileError) {
                try fileSystem.rename(made, to: paths.topic(topic.id))
                if PlantedFault.frameBeforeTopicFlushed.isPlanted { return }
                try directory.flush(.topicName)
            } catch {
                throw failure(error, isUncertain: true)
            }
            // A flush elsewhere may have failed meanwhile: then nothing is answered any more.
            guard !health.hasFailed else { throw .stopped }
        }
        table.withLock { table in
            table.topics[topic.id] = topic
            for index in 0..<topic.partitionCount {
                let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
                table.logs[key] = newLog(key, of: topic)
            }
        }
    }

    /// The log of a partition that has no files yet.
    func newLog(_ key: PartitionKey, of topic: StoredTopic) -> PartitionLog {
        let log = PartitionLog(
            creating: key,
            directory: paths.partition(key),
            owner: meta.directoryID,
            fileSystem: fileSystem,
            health: health
        )
        log.adopt(topic)
        return log
    }

    func failure(_ error: FileError, isUncertain: Bool) -> StorageError {
        guard isUncertain else { return .io(error) }
        health.fail()
        return .outcomeUnknown(error)
    }

    private func fill(_ made: FilePath, with topic: StoredTopic) throws(FileError) {
        try fileSystem.createDirectory(made)
        for index in 0..<topic.partitionCount {
            try fileSystem.createDirectory(made.appending(String(index)))
        }
        let content = topic.encoded(directory: meta.directoryID)
        try fileSystem.write(content, asNew: made.appending("topic"), .topicFile)
        try fileSystem.flushDirectory(made, .topicContents)
    }

    func holds(_ topic: TopicID) -> Bool {
        table.withLock { $0.topics[topic] != nil }
    }

    /// Whether a topic has more partitions than it was created with.
    func hasGrown(_ topic: TopicID) -> Bool {
        table.withLock { table in table.topics[topic]?.hasGrown ?? false }
    }

    /// Forgets a topic whose deletion is on stable storage.
    ///
    /// Its files go with the next checkpoint.
    func remove(_ id: TopicID) {
        let logs = table.withLock { table in
            guard let topic = table.topics.removeValue(forKey: id) else { return [PartitionLog]() }
            return (0..<topic.partitionCount).compactMap { index in
                table.logs.removeValue(forKey: PartitionKey(topic: id, partition: PartitionIndex(index)))
            }
        }
        for log in logs { log.markDeleted() }
        // After the topic is out of the table: a load that comes later does not find it there.
        producers.withLock { $0.remove(id) }
    }
}

extension FileSystem {
    /// Removes a directory and all below it.
    ///
    /// A crash in between leaves a part, which the next start removes.
    func removeTree(_ path: FilePath) throws(FileError) {
        for name in try list(path) {
            let child = path.appending(name)
            if try kind(of: child) == .directory {
                try removeTree(child)
            } else {
                try unlink(child)
            }
        }
        try removeDirectory(path)
    }
}
