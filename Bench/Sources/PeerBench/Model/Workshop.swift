import BenchSupport
import LoadGenerator

/// What a contender gets for one round: programs, a directory of its own, and how long it may take.
struct Workshop: Sendable {
    /// The `millrace` program.
    var program: String
    /// The `store-bench` program.
    var storeBench: String
    /// Where the peers' configurations are.
    var peers: String
    /// Where their clients were built.
    var tools: String
    /// A new directory for this round, on the disk that is measured.
    var scratch: String
    /// How long load is put on.
    var seconds: Double
    /// Fewer and smaller everything.
    var isQuick: Bool

    /// What goes before and is not counted.
    var warmUpSeconds: Double { isQuick ? 0.5 : 2 }

    /// Where servers and tools say what goes wrong.
    var log: String { "\(scratch)/log" }

    /// One of two numbers.
    func size(_ full: Int, quick: Int) -> Int { isQuick ? quick : full }

    /// A broker with an empty directory.
    func broker(options: [String] = []) throws -> Broker {
        var setup = Broker.Setup(program: program, scratch: scratch, options: options)
        setup.logLevel = "info"
        return try Broker(setup)
    }

    /// A file of `Bench/peers` with its marks replaced, in this round's directory.
    func configuration(_ name: String, _ marks: [String: String]) throws -> String {
        var text = try TextFile.read("\(peers)/\(name)")
        for (mark, value) in marks { text = text.replacing("@\(mark)@", with: value) }
        let path = "\(scratch)/\(name)"
        try TextFile.write(text, to: path)
        return path
    }
}
