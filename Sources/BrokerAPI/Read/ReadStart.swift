import BrokerCore
import RecordFormat

/// Finds the cursor with which a read begins.
struct ReadStart {
    /// The broker.
    let engine: any BrokerEngine
    /// The topics, sorted, each once.
    let topics: [TopicName]
    /// The only partition to read, if there is but one.
    let partition: PartitionIndex?
    /// Whether an expired cursor is refused rather than told as a gap.
    let isStrict: Bool

    /// The cursor of the id that an event source was told last; nil when its stream had ended for good.
    ///
    /// It is one that belongs here, also where the stream has ended: a page that was moved to another topic must not be told
    /// that there is nothing more. How far the log goes by now makes no difference then.
    func cursor(afterEvent id: String) async throws -> Cursor? {
        let (text, isEnded) = CursorText.unmarked(id)
        let cursor = try await cursor(parsing: text, isEnded ? .ended : .lastEvent)
        return isEnded ? nil : cursor
    }

    /// The cursor for `from=`; nil is earliest.
    func cursor(from text: String?) async throws -> Cursor {
        switch text {
        case nil, "earliest": return try await cursor(at: .earliest)
        case .some(let text): return try await cursor(text, .from)
        }
    }

    /// The cursor at which a read ends, for `to=`: as for `from=`, and an offset where one partition is read.
    ///
    /// What lies beyond the end of the log is taken: reading ends when the log gets there.
    func cursor(to text: String) async throws -> Cursor {
        guard let offset = Int64(text), offset >= 0, partition != nil else { return try await cursor(text, .to) }
        var cursor = try await cursor(at: .earliest)
        for index in cursor.positions.indices { cursor.positions[index].next = Offset(offset) }
        return cursor
    }

    private func cursor(_ text: String, _ purpose: Purpose) async throws -> Cursor {
        if text == "latest" { return try await cursor(at: .latest) }
        if text.hasPrefix("-") { return try await cursor(at: .beforeEnd(try count(text, purpose))) }
        if let time = try TimeText.time(text, of: purpose.name) { return try await cursor(at: .time(time)) }
        return try await cursor(parsing: CursorText.unmarked(text).cursor, purpose)
    }

    /// The cursor for `offset=` of one partition.
    func cursor(at offset: Offset) async throws -> Cursor {
        var cursor = try await cursor(at: .earliest)
        for index in cursor.positions.indices {
            cursor.positions[index].next = offset
            let topic = try engine.topic(cursor.positions[index].partition.topic)
            try checkBounds(cursor.positions[index], in: topic, isStrict: true)
        }
        return cursor
    }

    private func cursor(at start: StartPosition) async throws -> Cursor {
        var positions: [Cursor.Position] = []
        for topic in topics {
            let chosen = partition.map { [$0] }
            positions += try await engine.cursor(for: topic, partitions: chosen, start: start).positions
        }
        let max = engine.limits.partitionsPerReadMax
        if positions.count > max { throw BrokerError.tooManyPartitions(count: positions.count, max: max) }
        return Cursor(positions: positions, isWhole: partition == nil)
    }

    private func count(_ text: String, _ purpose: Purpose) throws(Problem) -> Int64 {
        let digits = text.dropFirst()
        guard let count = Int64(digits), count >= 0, digits.utf8.first != UInt8(ascii: "+") else {
            throw Self.garbage(text, purpose)
        }
        return count
    }

    // MARK: Cursors

    private func cursor(parsing text: String, _ purpose: Purpose) async throws -> Cursor {
        let max = engine.limits.cursorLengthMax
        guard text.utf8.count <= max.value else {
            throw Problem(.invalidCursor, "a cursor has at most \(max)")
        }
        guard var elements = CursorText.parse(text) else { throw Self.garbage(text, purpose) }
        // The engine's own cursor brings the order, the ids and the bound on partitions; only the offsets change.
        var cursor = try await cursor(at: .earliest)
        var missing: TopicName?
        for topic in topics {
            let description = try engine.topic(topic)
            guard let index = elements.firstIndex(where: { $0.tag == description.id.tag }) else {
                missing = missing ?? topic
                continue
            }
            try apply(elements.remove(at: index), of: description, purpose, to: &cursor)
        }
        if let missing { throw wrongTag(missing, elements) }
        if let extra = elements.first {
            let named = try topics.first { try engine.outline(of: $0).id.tag == extra.tag }
            if let named { throw Problem(.invalidCursor, "the cursor names the topic \(named) twice") }
            throw Problem(.invalidCursor, "the cursor's part \(extra.tag) belongs to none of the topics asked for")
        }
        return cursor
    }

    private func apply(
        _ element: CursorText.Element,
        of topic: TopicDescription,
        _ purpose: Purpose,
        to cursor: inout Cursor
    ) throws(Problem) {
        switch (element.offsets, partition) {
        case (.all(let offsets), _) where offsets.count > topic.partitions.count:
            throw Problem(
                .invalidCursor,
                "the cursor has \(offsets.count) offsets, and \(topic.name) has \(topic.partitions.count) partitions"
            )
        case (.one(let index, _), let partition) where index != partition:
            throw Problem(.invalidCursor, "the cursor is one of partition \(index) alone")
        default: break
        }
        for index in cursor.positions.indices where cursor.positions[index].partition.topic == topic.name {
            let place = cursor.positions[index].partition.partition
            cursor.positions[index].next = Self.offset(element.offsets, place)
            guard purpose == .from || purpose == .lastEvent else { continue }
            try checkBounds(cursor.positions[index], in: topic, isStrict: isStrict)
        }
    }

    private static func offset(_ offsets: CursorText.Offsets, _ partition: PartitionIndex) -> Offset {
        switch offsets {
        case .one(_, let offset): offset
        case .all(let offsets): Int(partition.value) < offsets.count ? offsets[Int(partition.value)] : .zero
        }
    }

    private func checkBounds(
        _ position: Cursor.Position,
        in topic: TopicDescription,
        isStrict: Bool
    ) throws(Problem) {
        let index = Int(position.partition.partition.value)
        guard topic.partitions.indices.contains(index) else { return }
        let bounds = topic.partitions[index]
        if position.next > bounds.visible || (isStrict && position.next < bounds.logStart) {
            throw Problem.offsetOutOfRange(
                position.partition,
                asked: position.next,
                logStart: bounds.logStart,
                visible: bounds.visible
            )
        }
    }

    /// A cursor without the topic's tag: another topic's (400), or of an earlier topic of the name (410).
    ///
    /// - Parameter rest: the cursor's parts that belong to none of the topics asked for.
    private func wrongTag(_ topic: TopicName, _ rest: [CursorText.Element]) -> Problem {
        let others = engine.topics(in: topic.namespace).filter { !topics.contains($0.name) }
        for element in rest {
            if let other = others.first(where: { $0.id.tag == element.tag }) {
                return Problem(.invalidCursor, "the cursor belongs to the topic \(other.name), not to \(topic)")
            }
        }
        return rest.isEmpty
            ? Problem(.invalidCursor, "the cursor has no part for the topic \(topic)")
            : Problem(BrokerError.topicReplaced(topic))
    }

    private static func garbage(_ text: String, _ purpose: Purpose) -> Problem {
        let known =
            switch purpose {
            case .from: "a cursor as an answer gave it, earliest, latest, -<n> or a time"
            case .to: "a cursor as an answer gave it, latest, -<n>, a time or, for one partition, an offset"
            case .lastEvent, .ended: "the id of an event as a stream gave it"
            }
        return Problem(.invalidCursor, "\(purpose.name) is \(known), not \"\(Problem.shown(text))\"")
    }

    /// What a cursor is for.
    private enum Purpose {
        case from
        case to
        /// The last id of an event source that comes back.
        case lastEvent
        /// The last id of one whose stream had ended for good.
        case ended

        /// What the client knows it as.
        var name: String {
            switch self {
            case .from: "from"
            case .to: "to"
            case .lastEvent, .ended: "Last-Event-ID"
            }
        }
    }
}
