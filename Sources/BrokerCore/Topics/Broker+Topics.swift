public import RecordFormat
import SegmentStore

extension Broker {
    /// Creates a topic, or says that it was there with the same settings.
    public func createTopic(
        _ name: TopicName,
        settings: TopicSettings
    ) async throws(BrokerError) -> TopicCreation {
        guard !name.isInternal else { throw .nameReserved(name.name) }
        guard phase == .ready else { throw .draining }
        return try await administration.run { () throws(BrokerError) in try self.createTopicNow(name, settings) }
    }

    /// Deletes a topic, its records and every group's commits on it.
    ///
    /// Durable on return.
    public func deleteTopic(_ name: TopicName) async throws(BrokerError) {
        guard !name.isInternal else { throw .nameReserved(name.name) }
        guard phase == .ready else { throw .draining }
        try await administration.run { () throws(BrokerError) in
            try TopicDeletion(topic: self.registry.topic(name), broker: self).run()
        }
    }

    /// All topics of a namespace, sorted by name; internal ones are left out.
    public func topics(in namespace: Namespace) -> [TopicDescription] {
        registry.all.filter { $0.name.namespace == namespace && !$0.name.isInternal }
            .sorted { $0.name < $1.name }
            .map { $0.describe() }
    }

    /// One topic with the offsets of its partitions.
    public func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription {
        try registry.topic(name).describe()
    }

    /// On the administration thread, so that nobody else makes the same name.
    private func createTopicNow(_ name: TopicName, _ settings: TopicSettings) throws(BrokerError) -> TopicCreation {
        if let topic = registry.find(name) { return try compare(topic, settings) }
        let count = try partitionCount(settings)
        guard registry.count <= limits.topicsMax else {
            throw .invalid("there are \(limits.topicsMax) topics already, which is the most that is kept")
        }
        let stored = StoredTopic(id: .random(), name: name, partitionCount: count)
        do {
            try store.createTopic(stored)
        } catch {
            throw refused(error)
        }
        let topic = Topic(stored, in: store, failure: failure)
        registry.add(topic)
        // Groups may name the topic already: an earlier one of its name was deleted under them.
        for coordinator in coordinators {
            coordinator.apply(.topicChanged(.init(name: name, id: topic.id, partitionCount: count)))
        }
        // A drain that began meanwhile has passed this topic by.
        if phase != .ready { topic.endTails(.draining) }
        return .created(topic.describe())
    }

    private func compare(_ topic: Topic, _ settings: TopicSettings) throws(BrokerError) -> TopicCreation {
        if let asked = settings.partitions, Int(asked) != topic.partitions.count {
            throw .topicDiffers(topic.name, details: "it has \(topic.partitions.count) partitions, not \(asked)")
        }
        return .unchanged(topic.describe())
    }

    private func partitionCount(_ settings: TopicSettings) throws(BrokerError) -> Int32 {
        let count = settings.partitions ?? Int32(limits.partitionsPerTopicDefault)
        guard count >= 1, Int(count) <= limits.partitionsPerTopicMax else {
            throw .invalid("partitions must be 1 to \(limits.partitionsPerTopicMax), not \(count)")
        }
        return count
    }

    private func refused(_ error: StorageError) -> BrokerError {
        guard case .outcomeUnknown = error else { return .storageRefused(error.description) }
        failure.fail(error.description)
        return .outcomeUnknown(error.description)
    }
}
