import RecordFormat

/// All that is remembered of producers: their numbers, and their windows on the topics that were asked for in this run.
///
/// Between two rounds it holds what is on stable storage, and the names that have a number and no batch yet.
struct ProducerTable: Sendable {
    var registry: ProducerRegistry
    /// The topics whose windows were loaded; the others have no idempotent request in flight.
    private(set) var topics: [TopicID: TopicProducers] = [:]
    let limits: ProducerLimits
    /// The number that the first new name of this run gets: batches of earlier runs carry lower ones.
    let firstOfRun: Int64
    /// The parts of all windows of all topics.
    private(set) var partCount = 0
    private var swept: Timestamp

    init(registry: ProducerRegistry, limits: ProducerLimits, now: Timestamp) {
        self.registry = registry
        self.limits = limits
        firstOfRun = registry.next
        swept = now
    }

    /// Takes a topic's windows in, unless another load was faster: what it brought may have gone on since then.
    ///
    /// Producers that have no name any more have expired.
    mutating func install(_ loaded: TopicProducers, of topic: TopicID) {
        guard topics[topic] == nil else { return }
        var loaded = loaded
        for number in loaded.windows.keys where !registry.holds(number) { loaded.forget(number) }
        topics[topic] = loaded
        partCount += loaded.partCount
    }

    mutating func remove(_ topic: TopicID) {
        partCount -= topics.removeValue(forKey: topic)?.partCount ?? 0
    }

    /// The windows of a topic for snapshots of these partitions, which count as saved from here on.
    mutating func take(_ partitions: Set<PartitionIndex>, of topic: TopicID) -> TopicProducers? {
        topics[topic]?.markSaved(partitions)
        return topics[topic]
    }

    /// The number for a request of a producer, given if need be; or the refusal of one whose name is not known and that
    /// does not begin at 0, or for whose name there is no room.
    mutating func number(
        of name: ProducerName,
        sequence: Int32,
        at now: Timestamp
    ) -> ProducerNumber {
        if let number = registry.number(of: name) {
            registry.touch(number, at: now)
            return .number(number)
        }
        guard sequence == 0 else { return .refused(.unknownProducer) }
        if registry.count >= limits.namesMax { expire(at: now) }
        guard registry.count < limits.namesMax else { return .refused(.tooManyProducers(max: limits.namesMax)) }
        return .number(registry.give(name, at: now))
    }

    /// Forgets idle producers, now and then.
    mutating func sweep(at now: Timestamp) {
        let age = now.millisecondsSinceEpoch - swept.millisecondsSinceEpoch
        guard age < 0 || age >= min(60_000, limits.idleMaxMilliseconds / 8) else { return }
        expire(at: now)
    }

    private mutating func expire(at now: Timestamp) {
        swept = now
        for number in registry.expire(at: now, idleMaxMilliseconds: limits.idleMaxMilliseconds) {
            for topic in topics.keys {
                let before = topics[topic]?.partCount ?? 0
                topics[topic]?.forget(number)
                partCount += (topics[topic]?.partCount ?? 0) - before
            }
        }
    }

    /// Makes a round's changes true.
    mutating func apply(_ overlay: ProducerOverlay, at now: Timestamp) {
        for (number, name) in overlay.registrations { registry.register(number, name, at: now) }
        for (key, change) in overlay.changes {
            let before = topics[key.topic]?.partCount ?? 0
            topics[key.topic]?.put(change.window, of: key.number)
            topics[key.topic]?.markUnsaved(change.partitions)
            partCount += (topics[key.topic]?.partCount ?? 0) - before
        }
    }
}

/// The answer to a producer that asks for its number.
public enum ProducerNumber: Hashable, Sendable {
    /// The number to stamp.
    case number(Int64)
    /// Its request is refused without a look at the topic.
    case refused(ProducerRefusal)
}
