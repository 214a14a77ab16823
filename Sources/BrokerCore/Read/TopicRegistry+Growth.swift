import RecordFormat

extension TopicRegistry {
    /// Whether partitions were added to a topic that the cursor covers whole.
    ///
    /// Costs one look-up a topic. A topic that is gone, or another one by now, has not grown: the read tells.
    func isOutgrown(_ cursor: Cursor) -> Bool {
        guard cursor.isWhole else { return false }
        return cursor.positions.indices.contains { !added(behind: $0, of: cursor).isEmpty }
    }

    /// The cursor with the added partitions, which begin at offset 0.
    func grown(_ cursor: Cursor) -> Cursor {
        var grown = cursor
        grown.positions = []
        for (index, position) in cursor.positions.enumerated() {
            grown.positions.append(position)
            for partition in added(behind: index, of: cursor) {
                grown.positions.append(
                    Cursor.Position(partition: partition.identity, topicID: position.topicID, next: .zero)
                )
            }
        }
        return grown
    }

    /// The partitions that a topic has beyond the last of its positions in a cursor, when that is the one at `index`.
    private func added(behind index: Int, of cursor: Cursor) -> ArraySlice<Partition> {
        let position = cursor.positions[index]
        let next = index + 1
        if next < cursor.positions.count, cursor.positions[next].topicID == position.topicID { return [] }
        guard let topic = find(position.partition.topic), topic.id == position.topicID else { return [] }
        return topic.partitions.dropFirst(Int(position.partition.partition.value) + 1)
    }
}
