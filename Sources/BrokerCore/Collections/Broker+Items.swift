import NIOCore
public import RecordFormat

/// Writes with a look at what is there.
extension Broker {
    /// Changes an item by what its latest version says: nobody's change comes in between.
    ///
    /// Durable on return. Changes of a partition's items go one after another; where records are produced to it meanwhile the
    /// decision is made again on the newer version.
    /// - Parameter decide: says what is to become of the item; it may throw to leave it as it is.
    /// - Throws: `tooContended` when others were always faster; what `append` throws; what `decide` throws.
    public func updateItem(
        _ key: [UInt8],
        of topic: TopicName,
        _ decide: @escaping @Sendable (CollectionItem?) throws -> ItemDecision
    ) async throws -> ItemUpdate {
        let partition = try collection(topic).partition(ofKey: key)
        return try await partition.itemTurns.run { try await self.update(key, in: partition, decide) }
    }

    /// Others who change items wait meanwhile; who produces to the topic does not.
    private func update(
        _ key: [UInt8],
        in partition: Partition,
        _ decide: @escaping @Sendable (CollectionItem?) throws -> ItemDecision
    ) async throws -> ItemUpdate {
        for _ in 0..<Self.updateAttemptsMax {
            let (before, version) = try await latest(key, in: partition)
            // On the pool, since a decision may be long: a patch of a thousand operations on a mebibyte.
            let decision = try await readPool.run { try decide(before) }
            guard case .append(var record, let isJSON) = decision else {
                return ItemUpdate(before: before, after: nil)
            }
            if record.value != nil { record = record.born(at: before?.created ?? record.timestamp) }
            // Stored only if the partition still ends where the decision was made.
            if let offset = try await append(record, isJSON: isJSON, to: partition, at: version) {
                var stored = record
                stored.offset = offset
                let after = CollectionItem(
                    partition: partition.identity,
                    record: stored,
                    isJSON: isJSON,
                    created: before?.created ?? record.timestamp
                )
                return ItemUpdate(before: before, after: after)
            }
        }
        throw BrokerError.tooContended(partition.identity)
    }

    private static let updateAttemptsMax = 32

    /// Appends a record if the partition still ends where it did; nil when it does not.
    private func append(
        _ record: DecodedRecord,
        isJSON: Bool,
        to partition: Partition,
        at version: Offset
    ) async throws -> Offset? {
        var builder = RecordBatchBuilder(isJSON: isJSON)
        builder.append(record)
        let item = AppendItem(target: partition.identity, batches: [builder.finish()], expectedOffset: version)
        do {
            return try await append([item]).first?.base
        } catch BrokerError.expectedOffset {
            return nil
        }
    }
}
