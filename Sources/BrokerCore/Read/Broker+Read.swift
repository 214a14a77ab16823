public import RecordFormat

extension Broker {
    /// A cursor over partitions of a topic, starting where `start` says.
    public func cursor(
        for topic: TopicName,
        partitions: [PartitionIndex]?,
        start: StartPosition
    ) async throws(BrokerError) -> Cursor {
        let topic = try registry.topic(topic)
        let indexes = partitions.map { Array(Set($0)).sorted() } ?? topic.partitions.map(\.identity.partition)
        guard !indexes.isEmpty else { throw .invalid("a read needs at least one partition") }
        try checkPartitionCount(indexes.count)
        var chosen: [Partition] = []
        for index in indexes { chosen.append(try topic.partition(index)) }
        let offsets = try await resolve(start, in: chosen)
        let positions = zip(chosen, offsets).map { partition, next in
            Cursor.Position(partition: partition.identity, topicID: topic.id, next: next)
        }
        return Cursor(positions: positions, isWhole: partitions == nil)
    }

    /// One hop to the read pool for a time, none otherwise.
    private func resolve(_ start: StartPosition, in partitions: [Partition]) async throws(BrokerError) -> [Offset] {
        guard case .time(let time) = start else {
            var offsets: [Offset] = []
            for partition in partitions { offsets.append(try Self.resolve(start, in: partition)) }
            return offsets
        }
        return try await readPool.run { () throws(BrokerError) -> [Offset] in
            var offsets: [Offset] = []
            for partition in partitions { offsets.append(try PartitionReader.offset(at: time, in: partition)) }
            return offsets
        }
    }

    /// Reads what is visible from the cursor on, without waiting: possibly nothing.
    ///
    /// One hop to the read pool when a file has to be asked; none at the end, nor near it, where memory has what was appended
    /// last: a thousand watchers that one append wakes read it where they are.
    ///
    /// Where partitions were added to a topic that the cursor covers whole, this read only adds them to the cursor.
    public func read(_ asked: Cursor, budget: ReadBudget) async throws(BrokerError) -> ReadResult {
        let (reading, isDone) = try readWithoutWaiting(asked, budget)
        if isDone { return reading.result() }
        return try await readPool.run { () throws(BrokerError) -> ReadResult in
            var reading = reading
            try reading.read(bytesMax: budget.bytes.value)
            return reading.result()
        }
    }

    /// Reads what `read` would, where no file has to be asked; nil otherwise.
    public func readNow(_ asked: Cursor, budget: ReadBudget) throws(BrokerError) -> ReadResult? {
        let (reading, isDone) = try readWithoutWaiting(asked, budget)
        return isDone ? reading.result() : nil
    }

    /// Begins a reading, and ends it where that needs no file.
    private func readWithoutWaiting(
        _ asked: Cursor,
        _ budget: ReadBudget
    ) throws(BrokerError) -> (CursorReading, isDone: Bool) {
        let isOutgrown = registry.isOutgrown(asked)
        let cursor = isOutgrown ? registry.grown(asked) : asked
        try checkPartitionCount(cursor.positions.count)
        var reading = CursorReading(cursor)
        for position in cursor.positions { try reading.add(registry.partition(of: position)) }
        let isDone = reading.isAtEnd || isOutgrown || reading.readTail(bytesMax: budget.bytes.value)
        return (reading, isDone)
    }

    func checkPartitionCount(_ count: Int) throws(BrokerError) {
        guard count <= limits.partitionsPerReadMax else {
            throw .tooManyPartitions(count: count, max: limits.partitionsPerReadMax)
        }
    }

    private static func resolve(_ start: StartPosition, in partition: Partition) throws(BrokerError) -> Offset {
        let marks = partition.log.watermarks
        let (logStart, visible) = (marks.logStart.offset, marks.visible.offset)
        switch start {
        case .earliest, .time:
            return logStart
        case .latest:
            return visible
        case .beforeEnd(let count):
            guard count >= 0 else { throw .invalid("the number of records before the end must not be negative") }
            return Offset(max(visible.value.subtractingReportingOverflow(count).partialValue, logStart.value))
        case .offset(let offset):
            // An offset below the log start is a gap, which the first read tells; one beyond the end was never given out.
            guard offset >= .zero, offset <= visible else {
                throw .offsetOutOfRange(partition.identity, asked: offset, logStart: logStart, visible: visible)
            }
            return offset
        }
    }
}
