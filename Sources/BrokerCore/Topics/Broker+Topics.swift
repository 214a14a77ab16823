public import RecordFormat
import SegmentStore

extension Broker {
    /// Creates a topic, or says that it was there with the same settings.
    public func createTopic(
        _ name: TopicName,
        settings: TopicSettingsChange
    ) async throws(BrokerError) -> TopicCreation {
        guard !name.isInternal else { throw .nameReserved(name.name) }
        guard phase == .ready else { throw .draining }
        return try await administration.run { () throws(BrokerError) in try self.createTopicNow(name, settings) }
    }

    /// Changes a topic's settings, and adds partitions.
    ///
    /// Durable on return.
    public func changeTopic(
        _ name: TopicName,
        _ change: TopicSettingsChange
    ) async throws(BrokerError) -> TopicDescription {
        guard !name.isInternal else { throw .nameReserved(name.name) }
        guard phase == .ready else { throw .draining }
        return try await administration.run { () throws(BrokerError) in
            try TopicChange(topic: self.registry.topic(name), change: change, broker: self).run().describe()
        }
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

    /// The namespaces that have topics, sorted; one with internal topics alone is left out.
    public var namespaces: [Namespace] {
        Set(registry.all.filter { !$0.name.isInternal }.map(\.name.namespace)).sorted()
    }

    /// All topics of a namespace, sorted by name; internal ones are left out.
    public func topics(in namespace: Namespace) -> [TopicDescription] {
        registry.all.filter { $0.name.namespace == namespace && !$0.name.isInternal }
            .sorted { $0.name < $1.name }
            .map { $0.describe() }
    }

    /// How often topics were made, changed or removed since the start.
    public var topicChanges: Int64 { registry.changeCount }

    /// One topic with the offsets of its partitions.
    public func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription {
        try registry.topic(name).describe()
    }

    /// One topic without offsets.
    public func outline(of name: TopicName) throws(BrokerError) -> TopicOutline { try registry.topic(name).outline }

    /// On the administration thread, so that nobody else makes the same name.
    private func createTopicNow(
        _ name: TopicName,
        _ asked: TopicSettingsChange
    ) throws(BrokerError) -> TopicCreation {
        if let reason = asked.refusal(limits) { throw .invalid(reason) }
        if let topic = registry.find(name) { return try compare(topic, asked) }
        if let full = storageRefusal { throw full }
        let settings = settingsByDefault.applying(asked, defaults: settingsByDefault)
        if let conflict = settings.conflict { throw .invalid(conflict) }
        guard registry.count <= limits.topicsMax else {
            throw .invalid("there are \(limits.topicsMax) topics already, which is the most that is kept")
        }
        var stored = StoredTopic(id: .random(), name: name, partitionCount: settings.partitions)
        asked.store(into: &stored.settings)
        stored.settings[Topic.versionBaseName] = String(versionBases.next(at: appendTime()))
        let topic: Topic
        do {
            try store.createTopic(stored)
            topic = try Topic(stored, in: store, failure: failure, defaults: settingsByDefault)
        } catch {
            throw refused(error)
        }
        registry.add(topic)
        // Groups may name the topic already: an earlier one of its name was deleted under them.
        for coordinator in coordinators { coordinator.apply(.topicChanged(topic.groupDescription)) }
        // A drain that began meanwhile has passed this topic by.
        if phase != .ready { topic.endTails(.draining) }
        return .created(topic.describe())
    }

    private func compare(_ topic: Topic, _ asked: TopicSettingsChange) throws(BrokerError) -> TopicCreation {
        let wanted = topic.settings.applying(asked, defaults: settingsByDefault)
        if let details = topic.settings.differences(from: wanted) { throw .topicDiffers(topic.name, details: details) }
        return .unchanged(topic.describe())
    }

    /// The settings of a topic that nothing was chosen for.
    var settingsByDefault: TopicSettings { configuration.settingsByDefault }

    /// What a failed change of the directory is to the outside.
    func refused(_ error: StorageError) -> BrokerError {
        if error.isNoSpace {
            return .insufficientStorage(
                error.description,
                retryAfterMilliseconds: AppendLimits.fullRetryAfterMilliseconds
            )
        }
        guard case .outcomeUnknown = error else { return .storageRefused(error.description) }
        failure.fail(error.description)
        return .outcomeUnknown(error.description)
    }
}
