import RecordFormat
import SegmentStore

/// What is made for the first time: a directory, a topic, a partition; and what a start makes again.
extension ScenarioRun {
    mutating func firstStart() throws {
        let fileSystem = fileSystem
        try cutEveryCall(draws: 24, drawsAtRenames: 200) { _ = try StoreWorkload.open(fileSystem, seed: 3) }
    }

    /// A killed process has left `millrace.meta` in the cache; what the next one acknowledges stands below it.
    mutating func killedInFirstStart() throws {
        let fileSystem = fileSystem
        kill(after: { $0.kind == .rename && $0.path.lastComponent?.string == "millrace.meta.new" }) {
            _ = try StoreWorkload.open(fileSystem, seed: 3)
        }
        let image = fileSystem.image
        self.fileSystem = volume(image)
        let client = try begin()
        let append = record("a", bytes: 90)
        try client.commit([[append]])
        cut(self.fileSystem.image, draws: 8, history, "cut after a first record")
    }

    mutating func newTopic() throws {
        try cutAfterEachCall(draws: 24) { client in
            try client.createTopic()
            try client.commitSomeRound()
        }
    }

    mutating func grownTopic() throws {
        try cutAfterEachCall(draws: 24) { client in
            try client.growTopic()
            let topic = client.history.partitions[0].topic
            let added = PartitionKey(topic: topic, partition: PartitionIndex(2))
            try client.commit([[client.append(to: added, count: 1)]])
        }
    }

    /// What replay writes is not the manifest's before it is flushed and recorded.
    mutating func cutRecovery() throws {
        let client = try begin()
        let appends = (0..<4).map { record("\($0)", bytes: 400) }
        try client.commit([[appends[0]]])
        try client.checkpoint()
        for append in appends[1...] { try client.commit([[append]]) }
        cutStart(after: .none, draws: 8)
        cutStart(after: .kill, draws: 8)
    }
}
