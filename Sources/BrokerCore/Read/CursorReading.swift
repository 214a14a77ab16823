import RecordFormat

/// One read of a cursor under way: partitions take turns until the budget is spent.
struct CursorReading: Sendable {
    private var cursor: Cursor
    private var partitions: [Partition] = []
    private var slices: [ReadResult.Slice] = []
    private var gaps: [ReadResult.Gap] = []
    private var failure: BrokerError?

    init(_ cursor: Cursor) {
        self.cursor = cursor
    }

    /// Adds the partition of the next position; an offset beyond its end is refused.
    mutating func add(_ partition: Partition) throws(BrokerError) {
        let next = cursor.positions[partitions.count].next
        let marks = partition.log.watermarks
        guard next <= marks.visible.offset, next >= .zero else {
            throw .offsetOutOfRange(
                partition.identity,
                asked: next,
                logStart: marks.logStart.offset,
                visible: marks.visible.offset
            )
        }
        partitions.append(partition)
    }

    /// Whether no partition has anything to read.
    var isAtEnd: Bool {
        zip(cursor.positions, partitions).allSatisfy { $0.isAtEnd || $0.next >= $1.visible }
    }

    /// Reads the partitions in turn, each once, while there is budget left.
    ///
    /// Blocks. One that cannot be read does not keep the others back.
    /// - Throws: why a partition cannot be read, where nothing else was found.
    mutating func read(bytesMax: Int) throws(BrokerError) {
        var bytesLeft = bytesMax
        for index in turns {
            if bytesLeft <= 0, !slices.isEmpty { break }
            pass(index)
            let position = cursor.positions[index]
            guard !position.isAtEnd, position.next < partitions[index].visible else { continue }
            do throws(BrokerError) {
                bytesLeft -= take(try read(index, bytesMax: max(bytesLeft, 1)), index, isTail: false)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure, slices.isEmpty, gaps.isEmpty { throw failure }
    }

    /// Reads what `read` would, where all of it is in memory; otherwise false, and nothing was read.
    ///
    /// Never blocks: readers that keep up with their partitions share no thread and touch no file.
    mutating func readTail(bytesMax: Int) -> Bool {
        var attempt = self
        var bytesLeft = bytesMax
        for index in turns {
            if bytesLeft <= 0, !attempt.slices.isEmpty { break }
            attempt.pass(index)
            let (position, partition) = (cursor.positions[index], partitions[index])
            guard !position.isAtEnd, position.next < partition.visible else { continue }
            let bytesMax = max(bytesLeft, 1)
            guard let outcome = PartitionReader.readTail(partition, from: position.next, bytesMax: bytesMax) else {
                return false
            }
            bytesLeft -= attempt.take(outcome, index, isTail: true)
        }
        self = attempt
        return true
    }

    /// The positions in the order of their turns.
    private var turns: some Sequence<Int> {
        let count = partitions.count
        let first = ((cursor.turn % count) + count) % count
        return (0..<count).lazy.map { (first + $0) % count }
    }

    /// A position has had its turn.
    private mutating func pass(_ index: Int) {
        cursor.turn = (index + 1) % partitions.count
    }

    private func read(_ index: Int, bytesMax: Int) throws(BrokerError) -> PartitionReader.Outcome {
        try PartitionReader.read(partitions[index], from: cursor.positions[index].next, bytesMax: bytesMax)
    }

    /// Keeps what was read of a partition and moves its position; gives back the bytes read.
    private mutating func take(_ found: PartitionReader.Outcome, _ index: Int, isTail: Bool) -> Int {
        let outcome = cursor.positions[index].end.map { found.ending(at: $0) } ?? found
        if let gap = outcome.gap { gaps.append(gap) }
        cursor.positions[index].next = outcome.next
        guard !outcome.batches.isEmpty else { return 0 }
        slices.append(
            ReadResult.Slice(
                position: index,
                partition: partitions[index].identity,
                start: outcome.start,
                batches: outcome.batches,
                next: outcome.next,
                tailOf: isTail ? cursor.positions[index].topicID : nil
            )
        )
        return outcome.bytes
    }

    /// What was found, and how far behind the new cursor is.
    func result() -> ReadResult {
        var lag: Int64 = 0
        for (position, partition) in zip(cursor.positions, partitions) {
            let marks = partition.log.watermarks
            let end = min(marks.visible.offset, position.end ?? marks.visible.offset)
            lag += max(0, end - max(position.next, marks.logStart.offset))
        }
        return ReadResult(
            slices: slices,
            gaps: gaps,
            cursor: cursor,
            caughtUp: lag == 0,
            lag: lag,
            failure: failure
        )
    }
}
