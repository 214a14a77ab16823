import RecordFormat
import SegmentStore

/// Writes the directory whose files are damaged: three topics of two partitions, one of them compacted, one with segments
/// large enough for an index of offsets, several segments each, checkpoints between, and a clean stop before the last run.
struct StoreDamageScript {
    let seed: UInt64
    /// Of a topic whose segments are indexed: an entry comes every 4 KiB.
    private static let indexed = ["segmentBytesMax": "6000"]

    func write(to fileSystem: SimulatedFileSystem, _ stop: StoreDamageExplorer.Stop) -> StoreHistory {
        do throws(StorageError) {
            let first = try client(on: fileSystem, after: StoreHistory())
            try first.createTopic(settings: [:])
            try first.createTopic(settings: StoredTopic.compacted)
            try first.createTopic(settings: Self.indexed)
            for round in 0..<9 { try write(round, first) }
            for topic in first.history.topics.values { try first.compact(topic) }
            try first.close()
            let second = try client(on: fileSystem, after: first.history)
            for round in 9..<11 { try write(round, second) }
            switch stop {
            case .clean: try second.close()
            case .proven:
                try writeAboveCheckpoint(second)
                try second.prove()
            case .unproven:
                try writeAboveCheckpoint(second)
            }
            return second.history
        } catch {
            var history = StoreHistory()
            history.failure = "\(error)"
            return history
        }
    }

    private func client(
        on fileSystem: SimulatedFileSystem,
        after history: StoreHistory
    ) throws(StorageError) -> StoreClient {
        let store = try StoreWorkload.open(fileSystem, seed: seed)
        return StoreClient(store, fileSystem, seed: seed + UInt64(history.acknowledgedCount), after: history)
    }

    /// Records that the journal must hold: what lies below a checkpoint is nothing that a flip in it could harm.
    private func writeAboveCheckpoint(_ client: StoreClient) throws(StorageError) {
        try client.checkpoint()
        for key in client.history.partitions.prefix(3) { try client.commit([[client.append(to: key, count: 1)]]) }
    }

    private func write(_ round: Int, _ client: StoreClient) throws(StorageError) {
        for key in client.history.partitions {
            let isIndexed = client.history.topics[key.topic]?.settings == Self.indexed
            try client.commit([[client.append(to: key, count: isIndexed ? 20 : 1 + round % 3)]])
            if client.store.checkpointUrgency == .mustWait { try client.checkpoint() }
        }
        if round % 3 == 1, round < 9 { try client.checkpoint() }
    }
}
