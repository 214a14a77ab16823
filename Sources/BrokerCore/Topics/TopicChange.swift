import RecordFormat
import SegmentStore

/// A change of a topic's settings, with added partitions perhaps.
///
/// Runs on the administration thread.
struct TopicChange {
    let topic: Topic
    let change: TopicSettingsChange
    let broker: Broker

    /// Makes the change durable, and then known to readers and groups.
    func run() throws(BrokerError) -> Topic {
        if let reason = change.refusal(broker.limits) { throw .invalid(reason) }
        let settings = topic.settings.applying(change, defaults: broker.settingsByDefault)
        guard settings != topic.settings else { return topic }
        try check(settings)
        var stored = topic.stored
        stored.partitionCount = settings.partitions
        change.store(into: &stored.settings)
        if settings.cleanup == .compact, topic.settings.cleanup != .compact {
            // Retention may have taken items meanwhile, and no record says so: no earlier version leads to the state of now.
            broker.versionBases.retire(topic)
            stored.settings[Topic.versionBaseName] = String(broker.versionBases.next(at: broker.appendTime()))
        }
        let isOther = settings.cleanup != topic.settings.cleanup
        if isOther { broker.writeDownVersions(of: topic) }
        do {
            try broker.store.changeTopic(stored)
        } catch {
            throw broker.refused(error)
        }
        if isOther { broker.versionBases.retire(topic) }
        return try adopt(stored)
    }

    private func check(_ settings: TopicSettings) throws(BrokerError) {
        if let conflict = settings.conflict { throw .invalid(conflict) }
        let grows = settings.partitions > topic.settings.partitions
        if settings.partitions < topic.settings.partitions {
            throw .topicCannotChange(
                topic.name,
                reason: "it has \(topic.settings.partitions) partitions, and partitions cannot be taken away"
            )
        }
        if settings.cleanup == .compact, grows || topic.stored.hasGrown {
            throw .topicCannotChange(
                topic.name,
                reason: grows
                    ? "a compacted topic keeps its \(topic.settings.partitions) partitions: with more of them a key's"
                        + " records would lie in two, and its older value would stay for ever"
                    : "partitions were added to it, so a key may have records in two of them, and compaction would keep"
                        + " both: create a topic with cleanup compact and copy the records"
            )
        }
    }

    /// Replaces the running topic.
    ///
    /// The registry first: whoever is woken finds the added partitions. Waiters at the former ones are woken, so that readers
    /// of the whole topic take the new ones in.
    private func adopt(_ stored: StoredTopic) throws(BrokerError) -> Topic {
        let changed: Topic
        do {
            changed = try topic.changed(to: stored, broker)
        } catch {
            throw broker.refused(error)
        }
        broker.registry.replace(changed)
        if changed.settings.cleanup != topic.settings.cleanup {
            // Who watches the collection finds that it is none any more, or another one; its keys are read anew.
            for partition in topic.partitions {
                partition.collection.discard(partition.collection.discardCount)
                partition.tail.wakeAll()
            }
        }
        if changed.partitions.count > topic.partitions.count {
            for partition in topic.partitions { partition.tail.wakeAll() }
            let description = changed.groupDescription
            for coordinator in broker.coordinators { coordinator.apply(.topicChanged(description)) }
            // A drain that began meanwhile has passed the added partitions by.
            if broker.phase != .ready { changed.endTails(.draining) }
        }
        broker.logger.info("topic changed", metadata: ["topic": "\(topic.name)", "id": "\(topic.id)"])
        return changed
    }
}

extension TopicSettings {
    /// Why two settings do not go together, the field first; nil when all do.
    var conflict: String? {
        guard cleanup == .compact else { return nil }
        let name = retentionBytes != nil ? "retentionBytes" : retentionSeconds != nil ? "retentionSeconds" : nil
        return name.map {
            "\($0) does not go with cleanup compact, which keeps the latest record of each key for ever: set it to null"
        }
    }
}
