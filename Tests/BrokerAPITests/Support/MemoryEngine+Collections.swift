import NIOCore
import RecordFormat

@testable import BrokerCore

/// Lists of items that a test has put there, with all that was read of them.
extension MemoryEngine {
    /// What lists show, and what was read of them.
    struct Listed: Sendable {
        var items: [CollectionItem] = []
        /// How many items each read gave out.
        var reads: [Int] = []
        /// Lists that are open.
        var open: Set<UInt64> = []
    }

    /// Puts so many items into a topic: `k0` to the last, each with its number in its value.
    func list(_ count: Int, in topic: TopicName) {
        set { state in
            state.listed.items = (0..<count).map { number in
                CollectionItem(
                    partition: TopicPartition(topic, PartitionIndex(0)),
                    record: DecodedRecord(
                        offset: Offset(Int64(number)),
                        timestamp: .epoch,
                        key: ByteBuffer(string: "k\(number)"),
                        value: ByteBuffer(string: "{\"n\":\(number)}"),
                        headers: []
                    ),
                    isJSON: true,
                    created: .epoch
                )
            }
        }
    }

    func listItems(
        of topic: TopicName,
        from place: CollectionPlace?,
        limit: Int,
        bytesMax: ByteCount
    ) async throws(BrokerError) -> CollectionPage {
        let topicID = try self.topic(topic).id
        return state.withLock { state in
            let list = place?.list ?? UInt64(state.listed.reads.count + 1)
            state.listed.open.insert(list)
            let start = Int(place?.offset.value ?? 0)
            let all = state.listed.items
            let items = Array(all[start..<min(start + limit, all.count)])
            state.listed.reads.append(items.count)
            let end = start + items.count
            let position = Cursor.Position(
                partition: TopicPartition(topic, PartitionIndex(0)),
                topicID: topicID,
                next: Offset(Int64(all.count))
            )
            return CollectionPage(
                list: list,
                items: items,
                version: Cursor(positions: [position], isWhole: true),
                next: end < all.count
                    ? CollectionPlace(list: list, partition: 0, offset: Offset(Int64(end))) : nil,
                count: all.count
            )
        }
    }

    func closeList(_ list: UInt64, of topic: TopicName) {
        set { _ = $0.listed.open.remove(list) }
    }
}
