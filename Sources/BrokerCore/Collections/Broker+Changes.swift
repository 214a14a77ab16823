import RecordFormat

/// Watches.
extension Broker {
    /// Reads what has changed from a version on, without waiting: possibly nothing.
    ///
    /// At most about `budget.bytes` of records, but always one batch where there is one; partitions take turns.
    /// - Parameter wanted: which versions before the changes to bring along; each costs a read of its own.
    /// - Throws: `versionExpired` where compaction or retention has removed changes from the version on; `notACollection`;
    ///   and what `read` throws.
    public func changes(
        _ cursor: Cursor,
        budget: ReadBudget,
        previous wanted: PreviousWanted
    ) async throws(BrokerError) -> CollectionChanges {
        var partitions: [Partition] = []
        for position in cursor.positions {
            partitions.append(try registry.partition(of: position))
            _ = try collection(position.partition.topic)
        }
        let discards = partitions.map(\.collection.discardCount)
        do throws(BrokerError) {
            return try await changes(cursor, in: partitions, budget: budget, wanted)
        } catch {
            // Another reader has thrown an index away in between: what that did not tell the next one may.
            guard case .versionExpired = error, partitions.map(\.collection.discardCount) != discards else {
                throw error
            }
            return try await changes(cursor, in: partitions, budget: budget, wanted)
        }
    }

    private func changes(
        _ cursor: Cursor,
        in partitions: [Partition],
        budget: ReadBudget,
        _ wanted: PreviousWanted
    ) async throws(BrokerError) -> CollectionChanges {
        for partition in partitions { try await partition.bringCollectionUpToDate(collections) }
        let result = try await read(cursor, budget: budget)
        if let failure = result.failure, result.slices.isEmpty { throw failure }
        guard let gap = result.gaps.first else {
            return try await readPool.run { () throws(BrokerError) in
                try self.changes(cursor, result, wanted)
            }
        }
        throw .versionExpired(gap.partition, asked: gap.from, floor: gap.to)
    }

    private func changes(
        _ cursor: Cursor,
        _ result: ReadResult,
        _ wanted: PreviousWanted
    ) throws(BrokerError) -> CollectionChanges {
        var changes: [CollectionChange] = []
        var next = cursor
        next.turn = result.cursor.turn
        for slice in result.slices {
            let position = cursor.positions[slice.position]
            let partition = try registry.partition(of: position)
            var reading = ChangeReading(partition, from: position.next, wanted)
            try reading.read(slice)
            changes += reading.changes
            next.positions[slice.position].next = reading.next
        }
        return CollectionChanges(changes: changes, cursor: next, caughtUp: result.caughtUp && next == result.cursor)
    }
}

/// Makes changes of a partition's records; it blocks.
private struct ChangeReading {
    private let partition: Partition
    private let wanted: PreviousWanted
    private let start: Offset
    private var reader: ItemReader
    private(set) var changes: [CollectionChange] = []
    /// Where to go on.
    private(set) var next: Offset

    init(_ partition: Partition, from next: Offset, _ wanted: PreviousWanted) {
        self.partition = partition
        self.next = next
        start = next
        self.wanted = wanted
        reader = ItemReader(partition)
    }

    /// Reads the batches of a slice that the index has seen.
    mutating func read(_ slice: ReadResult.Slice) throws(BrokerError) {
        let version = partition.collection.look { $0.version } ?? .zero
        for batch in slice.batches {
            guard batch.nextOffset <= version else { return }
            if !batch.isControl {
                let records = try partition.decoded(batch).filter { $0.offset >= next && $0.key != nil }
                for record in records.detachedFromBatch {
                    changes.append(try change(record, isJSON: batch.isJSON))
                }
            }
            next = max(next, batch.nextOffset)
        }
        next = max(next, min(slice.next, version))
        // After the reading: a compaction that went by has taken changes away.
        let floor = max(partition.collection.look { $0.historyFloor } ?? .zero, partition.historyFloor)
        if start < floor { throw .versionExpired(partition.identity, asked: start, floor: floor) }
    }

    private mutating func change(_ record: DecodedRecord, isJSON: Bool) throws(BrokerError) -> CollectionChange {
        let known = partition.collection.look { $0.previous(of: record.offset) }
        guard case .some(.some(let version)) = known else { throw expired(above: record.offset) }
        var previous = CollectionChange.Previous.nothing
        if case .at(let offset) = version {
            previous = .at(offset)
            if record.value == nil || wanted == .all {
                guard let item = try reader.item(at: offset) else { throw expired(above: record.offset) }
                previous = .item(item)
            }
        }
        let item = partition.item(record, isJSON: isJSON, isNew: !previous.isThere)
        return CollectionChange(item: item, previous: previous)
    }

    /// The version before a record is gone.
    private func expired(above offset: Offset) -> BrokerError {
        let floor = max(partition.collection.look { $0.historyFloor } ?? .zero, partition.historyFloor)
        return .versionExpired(partition.identity, asked: start, floor: max(floor, offset.advanced(by: 1)))
    }
}
