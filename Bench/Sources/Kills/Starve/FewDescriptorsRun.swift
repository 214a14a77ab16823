import BenchSupport
import Glibc

/// A broker that may open 64 files and sockets, with more partitions and more connections than that.
struct FewDescriptorsRun {
    private let setup: Broker.Setup
    private let seed: UInt64
    private let model: TopicModel
    let shared = Producer.Shared()
    private(set) var connections = 0
    private(set) var compared = 0

    /// More than the descriptors.
    private static let partitionCount = 100
    private static let connectionsTried = 200

    init(_ setup: Broker.Setup, seed: UInt64) {
        var setup = setup
        setup.descriptorsMax = 64
        self.setup = setup
        self.seed = seed
        model = TopicModel(
            name: "few",
            partitionCount: Self.partitionCount,
            payload: Payload(seed: seed, valueBytesMax: 8000, keyCount: nil, tombstoneEach: nil),
            cleanup: .none
        )
    }

    mutating func run(progress: (String) -> Void) throws {
        var broker = try Broker(setup)
        try Client(port: broker.port).createTopic(model.name, "{\"partitions\":\(Self.partitionCount)}")
        try produce(broker, 0)
        progress("\(shared.acknowledgedCount) acknowledged in \(Self.partitionCount) partitions")
        compared += try TopicCheck.run(model, port: broker.port)
        try crowd(broker)
        progress("\(connections) connections were open at once, and \(shared.acknowledgedCount) records acknowledged")
        compared += try TopicCheck.run(model, port: broker.port)
        try broker.kill()
        broker = try Broker(setup)
        compared += try TopicCheck.run(model, port: broker.port)
        try produce(broker, 200)
        compared += try TopicCheck.run(model, port: broker.port)
        try broker.stop()
    }

    private func produce(_ broker: Broker, _ salt: UInt64) throws {
        let goal = shared.acknowledgedCount + 3000
        let load = Load(shared, on: broker, topics: [model], count: 4, seed: seed &+ salt)
        try load.wait(for: "records in more partitions than descriptors") { shared.acknowledgedCount > goal }
        try load.stop()
    }

    /// Connections take every descriptor that they get; the log goes on for those who were there before.
    private mutating func crowd(_ broker: Broker) throws {
        let goal = shared.acknowledgedCount + 2000
        let load = Load(shared, on: broker, topics: [model], count: 2, seed: seed &+ 100)
        // They have connected when each has been answered once.
        try load.wait(for: "the first answers") { shared.acknowledgedCount > goal - 1900 }
        var crowd: [HTTPConnection] = []
        for _ in 0..<Self.connectionsTried {
            // The kernel takes them in for the broker, whether it accepts them or not.
            if let connection = try? HTTPConnection(port: broker.port, silenceSecondsMax: 5) {
                crowd.append(connection)
            }
        }
        connections = crowd.count
        try load.wait(for: "records while connections crowd") { shared.acknowledgedCount > goal }
        try load.stop()
        crowd = []
        // Whoever comes when they have gone is served.
        try load.wait(for: "an answer after the crowd has gone") {
            (try? Client(port: broker.port).hasTopic(model.name)) == true
        }
    }
}
