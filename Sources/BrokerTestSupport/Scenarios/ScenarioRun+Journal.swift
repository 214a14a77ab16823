import NIOCore
import RecordFormat
import SegmentStore

/// What may be found in the ring.
extension ScenarioRun {
    /// Values of two blocks made of headers of another ring, at every distance from a block's start.
    mutating func forgedFrame() throws {
        let client = try begin()
        let header = FrameForgery.header(ring: [UInt8](repeating: 7, count: 16), lsn: 1 << 40, bodyBytes: 100)
        for padding in stride(from: 0, to: FrameForgery.headerBytes, by: isSampled ? 7 : 1) {
            let value = [UInt8](repeating: 1, count: padding) + Array(repeating: header, count: 130).joined()
            try commit(client, bytes: value)
            if client.store.checkpointUrgency >= .due { try client.checkpoint() }
            checkOpens()
        }
    }

    /// Commits a value of bytes, of which the history knows nothing: only that the start is not refused is looked at.
    private func commit(_ client: StoreClient, bytes: [UInt8]) throws {
        var builder = RecordBatchBuilder()
        let record = DecodedRecord(
            offset: .zero,
            timestamp: Timestamp(millisecondsSinceEpoch: 1),
            key: nil,
            value: ByteBuffer(bytes: bytes),
            headers: []
        )
        builder.append(record)
        let append = PartitionAppend(key: key, batches: [builder.finish()])
        _ = try client.store.commit([CommitRequest(appends: [append])])
    }

    private mutating func checkOpens() {
        let next = SimulatedFileSystem(fileSystem.image)
        mutation.apply(to: next)
        do throws(StorageError) {
            _ = try StoreWorkload.open(next, seed: 3)
        } catch {
            flaws.append(StoreFlaw(.refusedStart, "\(name): \(error)"))
        }
    }

    /// Whoever could write this knew the ring's id: only damage remains, and it must not be read past the buffer.
    mutating func oversizedFrame() throws {
        let client = try begin()
        try client.commitSomeRound()
        try client.prove()
        var journal = try FrameForgery(fileSystem, path("journal"))
        let end = journal.end
        journal.put(FrameForgery.header(ring: journal.ringID, lsn: end, bodyBytes: 1 << 26), at: end)
        try journal.write(to: fileSystem)
        check(after: .kill)
    }

    /// An entry of a later version stands in a whole frame: the start is refused, and not taken for the end.
    mutating func unknownEntry() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        var journal = try FrameForgery(fileSystem, path("journal"))
        journal.changeLastFrame { body in body[0] = 99 }
        try journal.write(to: fileSystem)
        check(after: .kill, mayRefuse: true)
    }

    /// The device wrote the frame some blocks further: acknowledged, and not at its place.
    mutating func misdirectedFrame() throws {
        for distance in [1, 3, 6] {
            renew()
            let client = try begin()
            for _ in 0..<3 { try client.commit([[client.append(to: key, count: 1)]]) }
            fileSystem.plan(.misdirectedWrite(by: ByteCount(distance * 4096))) { $0.kind == .directWrite }
            try client.commit([[client.append(to: key, count: 1)]])
            check(after: .none, mayRefuse: true)
        }
    }

    /// The device dropped a frame: the next one proves that it had been acknowledged.
    mutating func lostFrame() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 1)]])
        fileSystem.plan(.lostWrite) { $0.kind == .directWrite }
        try client.commit([[client.append(to: key, count: 1)]])
        try client.commit([[client.append(to: key, count: 1)]])
        check(after: .none, mayRefuse: true)
    }

    /// The ring is filled as far as the store lets anybody fill it.
    mutating func noCheckpoint() throws {
        let client = try begin()
        for round in 0..<80 {
            if client.store.checkpointUrgency == .mustWait { try client.checkpoint() }
            try client.commit([[client.append(to: key, count: 1)]])
            if round % 9 == 0 { check(after: .none) }
        }
        check(after: .none)
    }
}
