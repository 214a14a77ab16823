import RecordFormat
import SegmentStore

/// What retention takes away, and what must not come back.
extension ScenarioRun {
    /// The manifest forgets the files of one pass with the next: from then on nobody names them.
    mutating func retention() throws {
        let client = try begin()
        let appends = (0..<6).map { record("\($0)", bytes: 400) }
        for append in appends { try client.commit([[append]]) }
        try client.checkpoint()
        for segmentCount in [4, 3, 1] {
            let policy = RetentionPolicy(bytes: ByteCount(segmentCount * 400))
            var known = history
            let most = known.startMax(of: key, policy, now: StoreClock.start)
            known.lettingGo = .retention(key, upTo: most)
            let (key, before) = (key, known.start(of: key))
            try cutEveryCall(draws: 12, drawsAtRenames: 60, knowing: known) { try client.retain(key, policy) }
            guard history.start(of: key) > before else {
                return note([StoreFlaw(.failedWorkload, "nothing was there to be removed")], "keeping \(policy)")
            }
        }
    }
}
