import BrokerCore
import RecordFormat

/// Cursors as text: opaque to clients, readable to people.
///
///     9f86d081:913.77.0            a topic: its tag and the next offset of each partition
///     9f86d081:913.77.0,60303ae2:5 several topics
///     9f86d081:3@913               partition 3 alone
///     9f86d081:913.77.0;end        as the last id of an event source that has nothing to come back for
enum CursorText {
    /// What follows a cursor in the last id of a stream that ended for good.
    static let endMark = ";end"

    /// The cursor of an id, and whether the stream that it came with ended for good.
    static func unmarked(_ id: String) -> (cursor: String, isEnded: Bool) {
        id.hasSuffix(endMark) ? (String(id.dropLast(endMark.count)), true) : (id, false)
    }

    /// The offsets of one topic.
    enum Offsets: Hashable, Sendable {
        /// Of the partitions from 0 on; those that are not listed start at 0.
        case all([Offset])
        /// Of one partition.
        case one(PartitionIndex, Offset)
    }

    /// One topic's part of a cursor.
    struct Element: Hashable, Sendable {
        /// The first eight digits of the topic's id.
        let tag: String
        /// Its offsets.
        let offsets: Offsets
    }

    /// Writes a cursor over whole topics, or over one partition.
    static func encode(_ cursor: Cursor, isOnePartition: Bool) -> String {
        if isOnePartition, let position = cursor.positions.first {
            return "\(position.topicID.tag):\(position.partition.partition)@\(position.next)"
        }
        var text = ""
        var topic: TopicName?
        for position in cursor.positions {
            if position.partition.topic == topic {
                text += "."
            } else {
                if topic != nil { text += "," }
                text += position.topicID.tag + ":"
                topic = position.partition.topic
            }
            text += String(position.next.value)
        }
        return text
    }

    /// Reads a cursor; nil when the text is none.
    static func parse(_ text: String) -> [Element]? {
        var elements: [Element] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: ":", omittingEmptySubsequences: false)
            guard halves.count == 2, isTag(halves[0]), let offsets = offsets(halves[1]) else { return nil }
            elements.append(Element(tag: String(halves[0]), offsets: offsets))
        }
        return elements
    }

    private static func offsets(_ text: Substring) -> Offsets? {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        if halves.count == 2 {
            guard let partition = number(halves[0]).flatMap(Int32.init(exactly:)), let offset = number(halves[1]) else {
                return nil
            }
            return .one(PartitionIndex(partition), Offset(offset))
        }
        var offsets: [Offset] = []
        for part in text.split(separator: ".", omittingEmptySubsequences: false) {
            guard let offset = number(part) else { return nil }
            offsets.append(Offset(offset))
        }
        return .all(offsets)
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    private static func isTag(_ text: Substring) -> Bool {
        text.utf8.count == 8
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}
