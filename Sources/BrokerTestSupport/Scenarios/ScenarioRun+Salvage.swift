import RecordFormat
import SegmentStore

/// What becomes of acknowledged records that have nowhere to go.
extension ScenarioRun {
    /// The records are in the salvage file, or still in the journal, whenever the power goes.
    mutating func quarantinedPartition() throws {
        let client = try begin()
        try client.commit([[client.append(to: key, count: 2)]])
        try client.checkpoint()
        let kept = client.append(to: key, count: 2)
        try client.commit([[kept]])
        var damaged = SimulatedFileSystem(fileSystem.image.survivors(seed: 0, .losesAll))
        try damaged.unlink(segment)
        damaged = SimulatedFileSystem(damaged.image.survivors(seed: 0, .keepsAll))
        mutation.apply(to: damaged)
        damaged.startRecording()
        _ = try StoreWorkload.open(damaged, seed: 3)
        let recording = StoreRecording(of: damaged)
        for count in 0...recording.calls.count where recording.isChanged(at: count) {
            for draw in [StoreDraw.none, .all, .drawn(UInt64(count))] {
                checkSalvage(draw.survivors(of: recording.image(after: count)), kept.values, "cut after call \(count)")
            }
        }
    }

    private mutating func checkSalvage(_ image: SimulatedImage, _ values: [String], _ place: String) {
        let next = SimulatedFileSystem(image)
        mutation.apply(to: next)
        do {
            let store = try StoreWorkload.open(next, seed: 3)
            guard store.partition(key)?.quarantine != nil else {
                flaws.append(StoreFlaw(.wrongBytes, "\(name), \(place): the partition is served"))
                return
            }
            let saved = try next.list(partition).filter { $0.hasPrefix("salvage.") && !$0.hasSuffix(".new") }
            let texts = try saved.map { name in
                String(decoding: try next.contents(of: partition.appending(name)), as: UTF8.self)
            }
            for value in values where !texts.contains(where: { $0.contains(value) }) {
                flaws.append(StoreFlaw(.lostRecord, "\(name), \(place): \(value) is nowhere"))
            }
        } catch {
            flaws.append(StoreFlaw(.refusedStart, "\(name), \(place): \(error)"))
        }
    }
}
