import BenchSupport

/// The topics of a run: one that keeps everything, replaced now and then, and one for each kind of cleanup under test.
struct TopicSet {
    private let seed: UInt64
    private let places: [Activity]
    private(set) var models: [TopicModel] = []
    private var deleted: [String] = []
    private var rounds = 0
    private var number = 0

    /// After so many rounds the topic that keeps everything is deleted and another one made, lest the checks grow long.
    private static let roundsEach = 8

    init(seed: UInt64, places: [Activity]) {
        self.seed = seed
        self.places = places
    }

    /// Checks all topics; returns how many acknowledged records were compared.
    func check(port: UInt16) throws -> Int {
        for name in deleted where try Client(port: port).hasTopic(name) {
            throw Violation("topic \(name) was deleted, and is back")
        }
        return try models.reduce(0) { try $0 + TopicCheck.run($1, port: port) }
    }

    /// Makes what is missing, and replaces the topic that keeps everything when its time has come.
    mutating func renew(port: UInt16) throws {
        let client = Client(port: port)
        if models.isEmpty { try createCleaned(client) }
        if rounds % Self.roundsEach == 0 {
            if let old = models.firstIndex(where: { $0.name.hasPrefix("keep") }) {
                try client.deleteTopic(models[old].name)
                deleted.append(models[old].name)
                models.remove(at: old)
            }
            number += 1
            try create(client, "keep-\(number)", 4, "", .none, payload(valueBytesMax: 4000))
        }
        rounds += 1
    }

    private mutating func createCleaned(_ client: Client) throws {
        if places.contains(.retention) {
            let bytes: Int64 = 1 << 20
            let settings = ",\"retentionBytes\":\(bytes),\"segmentBytesMax\":131072"
            try create(client, "short", 2, settings, .retention(bytes: bytes), payload(valueBytesMax: 4000))
        }
        if places.contains(.compactionSwitch) {
            let settings = ",\"cleanup\":\"compact\",\"segmentBytesMax\":131072"
            try create(client, "latest", 2, settings, .compaction, payload(valueBytesMax: 1000, keyCount: 200))
        }
    }

    private func payload(valueBytesMax: Int, keyCount: Int? = nil) -> Payload {
        Payload(seed: seed, valueBytesMax: valueBytesMax, keyCount: keyCount, tombstoneEach: keyCount == nil ? nil : 10)
    }

    private mutating func create(
        _ client: Client,
        _ name: String,
        _ partitions: Int,
        _ settings: String,
        _ cleanup: TopicModel.Cleanup,
        _ payload: Payload
    ) throws {
        try client.createTopic(name, "{\"partitions\":\(partitions)\(settings)}")
        models.append(TopicModel(name: name, partitionCount: partitions, payload: payload, cleanup: cleanup))
    }
}
