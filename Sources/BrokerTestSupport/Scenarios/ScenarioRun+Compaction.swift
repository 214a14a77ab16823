import RecordFormat
import SegmentStore
import Synchronization

/// What a compaction may and may not take away.
extension ScenarioRun {
    private func keyed(_ number: Int, bytes: Int = 190) -> StoreHistory.Append {
        record("k\(number % 3)=\(number).", bytes: bytes)
    }

    /// Of every key the newest record stays, and what came before it is known, whenever the power goes.
    mutating func compaction() throws {
        let client = try begin(settings: StoredTopic.compacted)
        let appends = (0..<16).map { keyed($0) }
        for append in appends[..<9] { try client.commit([[append]]) }
        try client.checkpoint()
        try cutEveryCall(draws: 6) { try client.compact() }
        checkVersions()
        for append in appends[9...] { try client.commit([[append]]) }
        // The manifest forgets the old files with this one, and the next compaction replaces compacted segments.
        try cutEveryCall(draws: 6) { try client.checkpoint() }
        try cutEveryCall(draws: 6) { try client.compact() }
        checkVersions()
    }

    /// Every record that was looked at says what came before it, also after a cut.
    private mutating func checkVersions() {
        let image = fileSystem.image
        for draw in sampled([StoreDraw.none, .all] + (0..<12).map { .drawn(UInt64($0)) }) where flaws.isEmpty {
            guard let store = try? StoreWorkload.open(volume(draw.survivors(of: image)), seed: 3),
                let log = store.partition(key), let found = try? log.read(from: .zero, bytesMax: ByteCount(1 << 20))
            else { return note([StoreFlaw(.unreadablePartition, "it cannot be read")], "after \(draw)") }
            // The batches of one read are of one segment, here the first, and compaction has been over that.
            for batch in found.batches where (try? log.previousVersion(of: batch.baseOffset)) == .unknown {
                let text = "what came before offset \(batch.baseOffset) is forgotten"
                note([StoreFlaw(.lostVersion, text)], "after \(draw)")
            }
        }
    }

    /// A record that is not durable must not take the place of one that is.
    mutating func compactionInRound() throws {
        let client = try begin(settings: StoredTopic.compacted)
        let appends = (0..<8).map { keyed($0) }
        for append in appends[..<7] { try client.commit([[append]]) }
        try client.checkpoint()
        let (store, key, fileSystem) = (client.store, key, fileSystem)
        let isWritten = Mutex(false)
        fileSystem.observeCalls { call in
            if call.kind == .write, call.path.string.hasSuffix(".log") { isWritten.withLock { $0 = true } }
            guard call.kind == .directWrite, isWritten.withLock({ $0 }) else { return }
            // The round's bytes are in the segment now, and its frame is not written.
            let policy = StoreWorkload.compactionPolicy()
            isWritten.withLock { $0 = false }
            _ = try? store.compact(key, policy: policy, now: StoreClock.start)
            fileSystem.cutPower()
        }
        try? client.commit([[appends[7]]])
        fileSystem.observeCalls(nil)
        for draw in [StoreDraw.none, .all, .kill] { check(after: draw) }
    }

    /// The start falls back to the record before; what it says of the partition was replaced since.
    mutating func olderRecordAfterCompaction() throws {
        for slot in ["checkpoint.a", "checkpoint.b"] {
            renew()
            let client = try begin(settings: StoredTopic.compacted)
            let appends = (0..<10).map { keyed($0) }
            for append in appends[..<2] { try client.commit([[append]]) }
            try client.checkpoint()
            for append in appends[2...] { try client.commit([[append]]) }
            try client.checkpoint()
            try client.compact()
            try fileSystem.flipBit(of: path(slot), at: FilePosition(50), bit: 3)
            for draw in [StoreDraw.none, .kill] { check(after: draw) }
        }
    }
}
