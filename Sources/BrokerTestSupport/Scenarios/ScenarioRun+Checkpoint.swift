import RecordFormat
import SegmentStore
import Synchronization
import SystemPackage

/// What comes between a frame's flush, a checkpoint's record and the ring's limit.
extension ScenarioRun {
    mutating func damagedProvenFrame() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        let place = try FrameForgery(fileSystem, path("journal")).lastPlace ?? 0
        try client.prove()
        try fileSystem.flipBit(of: path("journal"), at: FilePosition(UInt64(place + 150)), bit: 2)
        check(after: .none, mayRefuse: true)
    }

    /// A flush is never tried again, and never taken for a full disk: the pages are gone.
    mutating func failedFlush() throws {
        for code in [Errno.ioError, .noSpace] {
            renew()
            let client = try begin()
            try client.commit([[client.append(to: key, count: 1)]])
            fileSystem.plan(.failure(code)) { $0.site == .journalFrame }
            try? client.expectingRefusals { () throws(StorageError) in
                try client.commit([[client.append(to: key, count: 1)]])
            }
            if !client.store.hasFailed {
                flaws.append(StoreFlaw(.missedFailure, "\(name): the store goes on after a flush that failed"))
            }
            check(after: .none)
            check(after: .all)
        }
    }

    mutating func secondCheckpoint() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 1)]])
        guard let first = client.store.captureCheckpoint() else { return }
        try client.commit([[client.append(to: key, count: 1)]])
        if let second = client.store.captureCheckpoint() {
            try client.store.complete(second)
            check(after: .none)
            flaws.append(StoreFlaw(.missedFailure, "\(name): a second checkpoint began before the first was complete"))
        }
        try client.store.complete(first)
        check(after: .none)
    }

    /// Until the record is durable the ring must hold what the record before it needs: nobody may write over it.
    mutating func recordUnderWay() throws {
        let client = try begin()
        // Frames of three blocks, so that a round may go far beyond where the next one has to wait.
        let (store, fileSystem) = (client.store, fileSystem)
        let appends = [record("small", bytes: 90)] + (0..<3).map { record("large \($0)", bytes: 12_000) }
        let fill: @Sendable () -> Void = {
            for append in appends where store.checkpointUrgency != .mustWait { try? client.commit([[append]]) }
        }
        fill()
        guard let checkpoint = client.store.captureCheckpoint() else { return }
        let overwritten = Mutex<SimulatedImage?>(nil)
        fileSystem.observeCalls { call in
            guard call.site == .checkpointSlot, store.checkpointUrgency != .mustWait else { return }
            // Whatever the store lets one write is written, and then the power goes.
            fill()
            let image = fileSystem.image
            overwritten.withLock { $0 = image }
        }
        try store.complete(checkpoint)
        fileSystem.observeCalls(nil)
        if let image = overwritten.withLock({ $0 }) {
            check(image.survivors(seed: 0, .losesAll), history, "cut before the record was durable")
        }
        check(after: .none)
    }
}
