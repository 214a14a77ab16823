import RecordFormat
import SegmentStore
import SystemPackage

/// Requests that their producers number, and what is left of the numbers when nearly everything else is gone.
extension ScenarioRun {
    private func line(_ id: String) -> ProducerHistory.Line { ProducerHistory.Line(topic: key.topic, id: id) }

    /// The first request of a producer, and nothing behind it: its number stands where its records stand.
    mutating func firstRequest() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 1)]])
        try client.sendNext(as: line("p0"))
        check(after: .none)
        check(after: .kill)
        // The ring forgets what the file has taken over.
        try client.checkpoint()
        try client.sendNext(as: line("p1"))
        check(after: .none)
    }

    /// A retry is queued behind its original, and their round is refused: so both are.
    mutating func refusedOriginal() throws {
        let client = try begin()
        for _ in 0..<4 {
            try client.sendWithoutRoom(as: line("p0"))
            try client.sendNext(as: line("p0"))
        }
        if let failure = client.history.failure { flaws.append(StoreFlaw(.wrongRetry, "\(name): \(failure)")) }
        check(after: .none)
    }

    /// Retention takes the segments that hold a producer's requests, and the power goes: the snapshot alone knows them.
    mutating func retryAfterRetention() throws {
        for draw in [StoreDraw.none, .all, .kill] {
            renew()
            let client = try begin()
            let early = client.request(of: line("p0"), 0, 0, partition: key.partition)
            try client.commit([early])
            for _ in 0..<12 {
                try client.commit([[client.append(to: key, count: 3)]])
                if client.store.checkpointUrgency >= .due { try client.checkpoint() }
            }
            try client.checkpoint()
            guard try client.store.retain(key, RetentionPolicy(bytes: ByteCount(1))) != nil else {
                flaws.append(StoreFlaw(.failedWorkload, "\(name): nothing was there to be removed"))
                return
            }
            let expected = client.history.places(of: early)
            let next = SimulatedFileSystem(draw.survivors(of: fileSystem.image))
            mutation.apply(to: next)
            let answer = try early.answer(of: try StoreWorkload.open(next, seed: 3))
            if answer != expected {
                flaws.append(
                    StoreFlaw(.wrongRetry, "\(name): stored at \(expected ?? []), its retry: \(answer ?? []) (\(draw))")
                )
            }
        }
    }
}

extension ProducerHistory.Request {
    /// Sends the request, and tells where it was found; nil when it was not.
    func answer(of store: LogStore) throws(StorageError) -> [StoreHistory.Place]? {
        guard case .request(let commit) = try made(for: store),
            case .duplicate(let ranges) = try store.commit([commit]).first
        else { return nil }
        return ranges.map { StoreHistory.Place($0) }
    }
}
