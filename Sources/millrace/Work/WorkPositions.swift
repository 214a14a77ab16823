import MillraceClient

/// What a worker has done of each partition it owns: printed up to here, committed up to there.
///
/// A pure value.
struct WorkPositions {
    private struct Key: Hashable {
        let topic: String
        let partition: Int32
    }

    private struct Position {
        let epoch: Int64
        /// The next offset to print.
        var next: Int64
        /// What is in force at the broker, as far as we know.
        var committed: Int64
    }

    private var positions: [Key: Position] = [:]

    /// Whether everything that was printed is committed.
    var isSettled: Bool { positions.values.allSatisfy { $0.committed >= $0.next } }

    /// What was printed and is not committed.
    var uncommitted: [CommitOffset] {
        positions.filter { $0.value.committed < $0.value.next }.map { key, position in
            CommitOffset(topic: key.topic, partition: key.partition, offset: position.next, epoch: position.epoch)
        }
    }

    /// The worker joined as another member: nothing of before can be committed any more.
    mutating func reset() {
        positions = [:]
    }

    /// The worker owns these.
    ///
    /// A partition that it owned under the same epoch keeps its position: after a reconnect the
    /// broker hands out again what it does not know to be committed, and that need not be printed twice.
    mutating func assign(_ partitions: [GroupPartition]) {
        for partition in partitions {
            let key = Key(topic: partition.topic, partition: partition.partition)
            let (epoch, start) = (partition.epoch ?? 0, partition.start ?? 0)
            if positions[key]?.epoch == epoch { continue }
            positions[key] = Position(epoch: epoch, next: start, committed: start)
        }
    }

    /// The worker has lost these.
    mutating func revoke(_ partitions: [GroupPartition]) {
        for partition in partitions {
            positions[Key(topic: partition.topic, partition: partition.partition)] = nil
        }
    }

    /// Whether a record is new to this worker.
    func isNew(_ record: ReceivedRecord) -> Bool {
        guard let position = positions[Key(topic: record.topic, partition: record.partition)] else { return true }
        return record.offset >= position.next
    }

    /// The record is printed.
    mutating func printed(_ record: ReceivedRecord) {
        positions[Key(topic: record.topic, partition: record.partition)]?.next = record.offset + 1
    }

    /// Takes the answer to a commit, and returns what was refused.
    mutating func settle(_ results: [CommitResult], of offsets: [CommitOffset]) -> [CommitResult] {
        var refused: [CommitResult] = []
        for result in results {
            let key = Key(topic: result.topic, partition: result.partition)
            let offset = offsets.first { $0.topic == result.topic && $0.partition == result.partition }
            guard result.isInForce, let offset else {
                // Fenced: it is another worker's now, which prints again what we could not commit.
                if result.isLost, positions[key]?.epoch == offset?.epoch { positions[key] = nil }
                refused.append(result)
                continue
            }
            if let known = positions[key], known.epoch == offset.epoch {
                positions[key]?.committed = max(known.committed, offset.offset)
            }
        }
        return refused
    }
}
