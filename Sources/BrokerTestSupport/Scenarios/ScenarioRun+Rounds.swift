import RecordFormat
import SegmentStore
import Synchronization

/// What a round may touch, and who may see it when.
extension ScenarioRun {
    mutating func tornTailBlock() throws {
        try cutAfterEachCall(draws: 60, isCheckpointed: true) { client in
            try client.commit([[client.append(to: client.history.partitions[0], count: 1)]])
        }
    }

    /// The name of the topic must not come back: nothing else says any more that it was deleted.
    mutating func forgottenDeletion() throws {
        let client = try begin()
        try client.createTopic(settings: [:])
        for key in client.history.partitions { try client.commit([[client.append(to: key, count: 1)]]) }
        try client.deleteTopic()
        try client.checkpoint()
        for draw in [StoreDraw.none, .all, .kill] { check(after: draw) }
    }

    /// What the round wrote is the next checkpoint's to flush.
    mutating func roundInCheckpoint() throws {
        for call in 0..<4 {
            renew()
            let client = try begin()
            fileSystem.observeCalls { client.observe($0) }
            defer { fileSystem.observeCalls(nil) }
            try client.commit([[record("a", bytes: 90)]])
            guard let checkpoint = client.store.captureCheckpoint() else { return }
            try client.withRound(atCall: call) { () throws(StorageError) in try client.store.complete(checkpoint) }
            try client.checkpoint()
            check(after: .none)
        }
    }

    /// Nobody sees a record that a power cut could take back.
    mutating func earlyReader() throws {
        let client = try begin()
        let (key, fileSystem, append) = (key, fileSystem, record("a", bytes: 90))
        let found = Mutex<(end: Int, image: SimulatedImage)?>(nil)
        fileSystem.observeCalls { call in
            guard call.site == .journalFrame else { return }
            let end = Int(client.store.partition(key)?.watermarks.visible.offset.value ?? 0)
            found.withLock { $0 = (end, fileSystem.image) }
        }
        try client.commit([[append]])
        fileSystem.observeCalls(nil)
        guard let (end, image) = found.withLock({ $0 }) else { return }
        var known = StoreHistory()
        known.topics = history.topics
        known.seen[key] = end
        known.committing = [[append]]
        check(image.survivors(seed: 0, .losesAll), known, "cut before the frame was durable")
    }
}
