import RecordFormat
import SegmentStore
import SystemPackage

/// What torn and refused rounds leave behind.
extension ScenarioRun {
    /// Two frames of two blocks at one place, one of them under way in each run.
    ///
    /// Their second blocks are alike, since a client sent the same large record again: a cut may leave the first block of the
    /// one and the second block of the other.
    mutating func completedTornFrame() throws {
        let first = try begin()
        let large = record("large", bytes: 6000, in: otherKey)
        let one = record("one", bytes: 9)
        let two = record("two", bytes: 9)
        fileSystem.plan(.shortWrite(ByteCount(4096), .ioError)) { $0.kind == .directWrite }
        try? first.expectingRefusals { () throws(StorageError) in try first.commit([[one], [large]]) }
        let second = try restart(after: .all)
        kill(after: { $0.kind == .directWrite }) { try second.commit([[two], [large]]) }
        let image = fileSystem.image
        for seed in 0..<(isSampled ? 12 : 300) where flaws.isEmpty {
            check(image.survivors(seed: UInt64(seed)), history, "survivors of the second cut \(seed)")
        }
    }

    /// An I/O error at the last frame is no end of the journal.
    mutating func unreadableFrame() throws {
        let client = try begin()
        for _ in 0..<3 { try client.commit([[client.append(to: key, count: 1)]]) }
        let place = try FrameForgery(fileSystem, path("journal")).lastPlace.map { UInt64($0) }
        check(after: .none, mayRefuse: true) { fileSystem in
            fileSystem.plan(.failure(.ioError), times: 100) { $0.kind == .directRead && $0.position?.value == place }
        }
    }

    /// The file of a segment that was never acknowledged is taken away: whoever repairs the directory would take it for one.
    mutating func tornRoll() throws {
        let client = try begin()
        try client.commit([[record("a", bytes: 300)]])
        fileSystem.plan(.powerCutBefore) { $0.kind == .directWrite }
        try? client.commit([[record("b", bytes: 500)]])
        check(after: .all)
        let files = try checked.list(partition).filter { $0.hasSuffix(".log") }
        if files != ["00000000000000000000.log"] {
            flaws.append(StoreFlaw(.keptFile, "\(name): the log has the files \(files)"))
        }
    }

    /// The cut itself must be durable: nothing else flushes that segment before the manifest says how long it is.
    ///
    /// Its flushed bytes end with a block, so that no tail block is written again either.
    mutating func cutTail() throws {
        let first = try begin(settings: ["segmentBytesMax": "8000"])
        let block = (3900..<4096).map { record("a", bytes: $0) }
            .first { StoreWorkload.batch($0.values).encodedBytes == ByteCount(4096) }
        guard let block else { return note([StoreFlaw(.failedWorkload, "no batch takes a block")], "to begin with") }
        try first.commit([[block]])
        try first.checkpoint()
        fileSystem.plan(.powerCutBefore) { $0.kind == .directWrite }
        try? first.commit([[record("b", bytes: 200)]])
        let second = try restart(after: .all)
        try second.commit([[record("c", bytes: 5000)]])
        try second.checkpoint()
        for draw in [StoreDraw.none, .all, .kill] { check(after: draw) }
    }

    mutating func refusedTail() throws {
        let client = try begin()
        try client.commit([[record("a", bytes: 200)]])
        fileSystem.plan(.shortWrite(ByteCount(150), .noSpace)) {
            $0.kind == .write && $0.path.string.hasSuffix(".log")
        }
        let refused = record("b", bytes: 200)
        try client.expectingRefusals { () throws(StorageError) in try client.commit([[refused]]) }
        try client.commit([[record("c", bytes: 500)]])
        try client.checkpoint()
        for draw in [StoreDraw.none, .all, .kill] { check(after: draw) }
    }

    /// Until the record is durable the one before does not know the partition, and the manifest does.
    mutating func rolledYoungTopic() throws {
        let client = try begin()
        for _ in 0..<3 { try client.commit([[record("a", bytes: 400)]]) }
        try cutEveryCall(draws: 2) { try client.checkpoint() }
        let more = [record("b", bytes: 400), record("c", bytes: 400), record("d", bytes: 90)]
        for append in more { try client.commit([[append]]) }
        try cutEveryCall(draws: 2) { try client.checkpoint() }
    }
}
