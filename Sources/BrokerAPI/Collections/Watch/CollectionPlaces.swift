import BrokerCore
import RecordFormat

/// Finds where a version stands in a collection.
struct CollectionPlaces {
    /// The collection's topic.
    let topic: TopicDescription
    /// How its versions are written.
    let versions: CollectionVersion

    /// The places of a topic.
    init(_ topic: TopicDescription) {
        self.topic = topic
        versions = CollectionVersion(topic)
    }

    /// The collection as it is now.
    var now: Cursor { cursor(topic.partitions.map(\.visible)) }

    /// The cursor with which a watch from a version begins.
    ///
    /// - Throws: `version-expired` for one of an earlier collection, `version-ahead`, `invalid-cursor`. Whether what comes
    ///   behind it is still kept shows when it is read.
    func cursor(of text: String) throws(Problem) -> Cursor {
        switch versions.read(text) {
        case .earlier: throw .versionOfEarlier(topic.name)
        case .garbage: throw .versionOfNothing(text, topic.name)
        case .offsets(let offsets):
            let isAhead = zip(offsets, topic.partitions).contains { $0 > $1.visible }
            if isAhead { throw .versionAhead(text, topic.name, now: versions.text(now)) }
            return cursor(offsets)
        }
    }

    /// Refuses a version that the state of now does not contain.
    ///
    /// Any of an earlier collection is contained: the state is newer.
    func check(notBefore text: String) throws(Problem) {
        if versions.read(text) != .earlier { _ = try cursor(of: text) }
    }

    private func cursor(_ offsets: [Offset]) -> Cursor {
        let positions = zip(offsets, topic.partitions).map { offset, partition in
            Cursor.Position(
                partition: TopicPartition(topic.name, partition.index),
                topicID: topic.id,
                next: offset
            )
        }
        return Cursor(positions: positions, isWhole: true)
    }
}
