import BenchSupport
import Glibc

/// A disk that fills up under load, again and again: the broker refuses, goes on reading, and takes records when it can.
struct FullDiskRun {
    private let setup: Broker.Setup
    private let volume: SmallVolume
    private let seed: UInt64
    private let model: TopicModel
    let shared = Producer.Shared()
    private(set) var fillings = 0
    private(set) var kills = 0
    private(set) var compared = 0

    init(_ setup: Broker.Setup, on volume: SmallVolume, seed: UInt64) {
        self.setup = setup
        self.volume = volume
        self.seed = seed
        model = TopicModel(
            name: "full",
            partitionCount: 4,
            payload: Payload(seed: seed, valueBytesMax: 4000, keyCount: nil, tombstoneEach: nil),
            cleanup: .none
        )
    }

    mutating func run(rounds: Int, progress: (String) -> Void) throws {
        var broker = try Broker(setup)
        try Client(port: broker.port).createTopic(model.name, "{\"partitions\":4}")
        for round in 0..<rounds {
            try fillAndRecover(broker, round)
            progress("round \(round): \(shared.acknowledgedCount) acknowledged, problems: \(shared.problemText)")
            broker = try killWhileFull(broker, round)
            progress("round \(round): started on a full disk")
        }
        try broker.stop()
    }

    /// The disk fills under load; reads go on; room is made; the broker takes records again, by itself.
    private mutating func fillAndRecover(_ broker: Broker, _ round: Int) throws {
        let load = Load(shared, on: broker, topics: [model], count: 4, seed: seed &+ UInt64(round * 100))
        try load.wait(for: "records before the disk is full") { shared.acknowledgedCount > (round + 1) * 500 }
        try volume.fill(leaving: 4)
        let before = shared.refusedCount
        try load.wait(for: "a refusal on a full disk") { shared.refusedCount > before + 50 }
        fillings += 1
        try load.stop()
        guard shared.problems.withLock({ $0 }).keys.contains(where: { $0.contains("insufficient-storage") }) else {
            throw Violation("a full disk was not answered as such, but: \(shared.problemText)")
        }
        compared += try TopicCheck.run(model, port: broker.port)
        try expectStorage("full", broker)
        volume.empty()
        try expectRecovery(broker, round)
    }

    private func expectRecovery(_ broker: Broker, _ round: Int) throws {
        let acknowledged = shared.acknowledgedCount
        let load = Load(shared, on: broker, topics: [model], count: 4, seed: seed &+ UInt64(round * 100 + 50))
        try load.wait(for: "records after room was made", secondsMax: 20) {
            shared.acknowledgedCount > acknowledged + 100
        }
        try load.stop()
        try expectStorage("open", broker)
    }

    /// A broker that dies on a full disk comes back on it: a replay needs no more room than there is.
    private mutating func killWhileFull(_ broker: Broker, _ round: Int) throws -> Broker {
        try volume.fill(leaving: 2)
        let load = Load(shared, on: broker, topics: [model], count: 4, seed: seed &+ UInt64(round * 100 + 75))
        let before = shared.refusedCount
        try load.wait(for: "a refusal before the kill") { shared.refusedCount > before + 20 }
        try broker.kill()
        try load.stop()
        kills += 1
        let next = try Broker(setup)
        compared += try TopicCheck.run(model, port: next.port)
        try expectStorage("full", next)
        volume.empty()
        try expectRecovery(next, round + 50)
        return next
    }

    /// It lives, and says how its storage is.
    private func expectStorage(_ state: String, _ broker: Broker) throws {
        let client = Client(port: broker.port)
        try client.expect([200], of: HTTPRequest("GET", "/healthz"))
        let answer = try client.expect([200], of: HTTPRequest("GET", "/readyz"))
        guard answer.text.contains("\"storage\":\"\(state)\"") else {
            throw Violation("/readyz should tell that the storage is \(state): \(answer.text)")
        }
    }
}
