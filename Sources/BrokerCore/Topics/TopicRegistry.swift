import RecordFormat
import Synchronization

/// The topics by name.
///
/// Only the administration thread changes it, so a change needs no more than each call's own lock.
///
/// Concurrency: the lock is a leaf.
final class TopicRegistry: Sendable {
    private let topics: Mutex<[TopicName: Topic]>
    private let changes = Atomic<Int64>(0)

    init(_ topics: [Topic]) {
        self.topics = Mutex(Dictionary(uniqueKeysWithValues: topics.map { ($0.name, $0) }))
    }

    /// The topic that bears the name now.
    func find(_ name: TopicName) -> Topic? {
        topics.withLock { $0[name] }
    }

    /// The topic that bears the name now.
    func topic(_ name: TopicName) throws(BrokerError) -> Topic {
        guard let topic = find(name) else { throw .topicNotFound(name) }
        return topic
    }

    /// The partition now behind a name.
    func partition(_ name: TopicPartition) throws(BrokerError) -> Partition {
        try topic(name.topic).partition(name.partition)
    }

    /// The partition of a cursor, in the incarnation that the cursor belongs to.
    func partition(of position: Cursor.Position) throws(BrokerError) -> Partition {
        let topic = try topic(position.partition.topic)
        guard topic.id == position.topicID else { throw .topicReplaced(topic.name) }
        return try topic.partition(position.partition.partition)
    }

    /// All topics, internal ones included, in no order.
    var all: [Topic] { topics.withLock { Array($0.values) } }

    /// How many topics there are.
    var count: Int { topics.withLock { $0.count } }

    /// How often a topic was added, changed or removed; whoever finds a number finds its change, too.
    var changeCount: Int64 { changes.load(ordering: .acquiring) }

    /// Adds a topic, which must be new.
    func add(_ topic: Topic) {
        let former = topics.withLock { $0.updateValue(topic, forKey: topic.name) }
        precondition(former == nil, "the topic \(topic.name) was created twice")
        noteChange()
    }

    /// Puts a topic in the place of the one that bore its name.
    func replace(_ topic: Topic) {
        let former = topics.withLock { $0.updateValue(topic, forKey: topic.name) }
        precondition(former?.id == topic.id, "the topic \(topic.name) was replaced by another one")
        noteChange()
    }

    /// Removes a topic: from now on nobody finds it.
    func remove(_ topic: Topic) {
        topics.withLock { topics in _ = topics.removeValue(forKey: topic.name) }
        noteChange()
    }

    private func noteChange() {
        changes.wrappingAdd(1, ordering: .releasing)
    }
}
