import RecordFormat
import SegmentStore
import Synchronization

/// What may become of other files, and of the system's caches.
extension ScenarioRun {
    /// A segment write never reached the device, its page is forgotten, and a reader finds that out while a checkpoint is
    /// being completed: it must not be recorded.
    mutating func failureInCheckpoint() throws {
        let client = try begin(tailBytesMax: .zero)
        let append = client.append(to: key, count: 2)
        fileSystem.plan(.lostWrite) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        try client.commit([[append]])
        try fileSystem.open(segment, .read).dropCache()
        guard let checkpoint = client.store.captureCheckpoint() else { return }
        let log = client.store.partition(key)
        // The reader comes while the first segment is being flushed.
        let reader = ScenarioReader(log)
        fileSystem.observeCalls { call in
            if call.kind == .flush { reader.read() }
        }
        try? client.store.complete(checkpoint)
        fileSystem.observeCalls(nil)
        if !client.store.hasFailed {
            flaws.append(StoreFlaw(.missedFailure, "\(name): the store goes on after a lost page above the checkpoint"))
        }
        check(after: .none)
    }

    /// The error is told to the descriptor that wrote, and to no other.
    mutating func lostWriteback() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        try fileSystem.failWriteback(of: segment)
        try? client.checkpoint()
        if !client.store.hasFailed {
            flaws.append(StoreFlaw(.missedFailure, "\(name): the store goes on after a lost page"))
        }
        check(after: .none)
    }

    /// Above the checkpoint only the page cache held the bytes: a failed read is a failed flush, and no damage.
    mutating func readAboveCheckpoint() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        // Captured, not complete: the next round saves the block, and must read it for that.
        _ = client.store.captureCheckpoint()
        fileSystem.plan(.failure(.ioError)) { $0.kind == .read && $0.path.string.hasSuffix(".log") }
        try? client.expectingRefusals { () throws(StorageError) in
            try client.commit([[client.append(to: key, count: 1)]])
        }
        if !client.store.hasFailed {
            flaws.append(
                StoreFlaw(.missedFailure, "\(name): the store goes on after a read that failed above the checkpoint")
            )
        }
        check(after: .kill)
        check(after: .none)
    }

    mutating func strangerFile() throws {
        let client = try begin()
        let strangers = ["notes.txt", "00000000000000000900.log.bak", "x.log"].map { partition.appending($0) }
        try client.commit([[client.append(to: key, count: 2)]])
        for stranger in strangers { try fileSystem.replaceContents(of: stranger, with: [1, 2, 3]) }
        let next = SimulatedFileSystem(fileSystem.image)
        mutation.apply(to: next)
        _ = try StoreWorkload.open(next, seed: 3)
        for stranger in strangers where (try? next.contents(of: stranger)) != [1, 2, 3] {
            flaws.append(StoreFlaw(.removedFile, "\(name): \(stranger) is gone or changed"))
        }
    }

    /// The slot of the run after the clean stop is damaged: the clean stop before it must not count.
    mutating func damagedSlotAfterCleanStop() throws {
        for slot in ["checkpoint.a", "checkpoint.b"] {
            renew()
            let first = try begin()
            try first.commit([[first.append(to: key, count: 2)]])
            try first.close()
            let second = try reopen()
            try second.commit([[second.append(to: key, count: 2)]])
            try second.prove()
            try fileSystem.flipBit(of: path(slot), at: FilePosition(50), bit: 3)
            check(after: .none, mayRefuse: true)
        }
    }

    mutating func missingTopic() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        try client.checkpoint()
        try fileSystem.rename(path("topics").appending(key.topic.hex), to: "/data/elsewhere")
        check(after: .kill, mayRefuse: true)
    }

    /// Shorter than the checkpoint says: damage, and nothing to be written on.
    mutating func shortSegment() throws {
        for kept in [0, 1, 90] {
            renew()
            let client = try begin()
            try client.commit([[client.append(to: key, count: 2)]])
            try client.checkpoint()
            try client.commit([[client.append(to: key, count: 1)]])
            let bytes = try fileSystem.contents(of: segment)
            try fileSystem.replaceContents(of: segment, with: Array(bytes.prefix(kept)))
            check(after: .kill, mayRefuse: true, mayQuarantine: true)
            let size = try checked.contents(of: segment).count
            if size != kept { flaws.append(StoreFlaw(.wrongBytes, "\(name): the short segment was written on")) }
        }
    }
}

/// Reads a partition's first batch, once.
private final class ScenarioReader: Sendable {
    private let log: PartitionLog?
    private let hasRead = Mutex(false)

    init(_ log: PartitionLog?) {
        self.log = log
    }

    func read() {
        let isFirst = hasRead.withLock { hasRead in
            defer { hasRead = true }
            return !hasRead
        }
        if isFirst { _ = try? log?.read(from: .zero, bytesMax: ByteCount(1)) }
    }
}
