import RecordFormat
import SegmentStore
import SystemPackage

/// What becomes of a store that has too little room, and of a failure that the other thread was told.
extension ScenarioRun {
    /// Rounds that find no room leave the files as they were, and are not there later; those behind them are.
    mutating func fullVolume() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        for _ in 0..<3 {
            let sizes = try segmentSizes()
            fileSystem.leave(bytes: 0)
            // A part of it is written into the active segment; it needs a new one.
            fileSystem.plan(.shortWrite(ByteCount(100), .noSpace)) {
                $0.kind == .write && $0.path.string.hasSuffix(".log")
            }
            try commitWithoutRoom(client, recordCount: 1)
            try commitWithoutRoom(client, recordCount: 60)
            if try segmentSizes() != sizes {
                flaws.append(
                    StoreFlaw(.resurrectedRecord, "\(name): a refused round left bytes in \(try segmentSizes())")
                )
            }
            check(after: .kill)
            fileSystem.setCapacity(bytes: nil)
            try client.commit([[client.append(to: key, count: 3)]])
            check(after: .kill)
        }
        try client.checkpoint()
        check(after: .none)
    }

    private func commitWithoutRoom(_ client: StoreClient, recordCount: Int) throws(StorageError) {
        try client.expectingRefusals { () throws(StorageError) in
            try client.commit([[client.append(to: key, count: recordCount)]])
        }
    }

    private func segmentSizes() throws -> [String: Int] {
        var sizes: [String: Int] = [:]
        for name in try fileSystem.list(partition) where name.hasSuffix(".log") {
            sizes[name] = try fileSystem.contents(of: partition.appending(name)).count
        }
        return sizes
    }

    /// The power takes what was not flushed, and somebody else all room that this gave back: a replay has the ballast's.
    mutating func fullVolumeAtStart() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        try client.checkpoint()
        for _ in 0..<8 { try client.commit([[client.append(to: key, count: 5)]]) }
        check(after: .none) { $0.leave(bytes: 0) }
    }

    /// A segment's flush fails on the flusher's thread: the journal's must not answer anybody any more.
    mutating func failedFlushElsewhere() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        fileSystem.plan(.failure(.ioError)) { $0.site == .segment }
        try? client.checkpoint()
        do throws(StorageError) {
            try client.commit([[client.append(to: key, count: 1)]])
            flaws.append(StoreFlaw(.missedFailure, "\(name): a round is answered after a flush has failed elsewhere"))
        } catch {
            // Stopped, as it must be.
        }
        check(after: .none)
    }
}
