import ArgumentParser
import BenchSupport
import Glibc

/// `store-bench pressure`: what producers meet when checkpoints are slower than they are.
struct PressureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pressure",
        abstract: "Slow the flushes of segments down, and see producers slowed, refused, and memory bounded.",
        discussion: """
            The broker is started with libSlowFlush.so in front of the C library: each flush of a segment takes so much longer.
            The journal keeps its pace, so that it is the ring that runs short.
            """
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "How much longer each flush of a segment takes, in milliseconds, with commas between.")
    var delays = "0,200,1000"

    @Option(help: "How long each round takes.")
    var seconds = 20

    @Option(help: "Connections, each with one request at a time.")
    var connections = 160

    @Option(help: "The size of a request's one record.")
    var kibibytes = 512

    @Option(help: "The size of the ring.")
    var journalMib = 64

    @Option(help: ArgumentHelp("The library.", valueName: "path"))
    var library = "Bench/.build/release/libSlowFlush.so"

    func run() throws {
        guard let library = realpath(library, nil) else { throw ValidationError("there is no \(library)") }
        defer { free(library) }
        try options.withScratch { scratch in
            var table = Table(
                "flushes of segments slower by",
                "MiB/s acknowledged",
                "p50 ms",
                "p99 ms",
                "answers 429",
                "Retry-After s",
                "unread in sockets, MiB at most",
                "resident MiB: idle, median, most"
            )
            for text in delays.split(separator: ",") {
                let setup = slowed(scratch, String(text), String(cString: library))
                mkdir(setup.scratch, 0o755)
                let broker = try Broker(setup)
                try Client(port: broker.port).createTopic("slow", "{\"partitions\":8}")
                try show(measure(broker), of: String(text), in: &table)
                try broker.stop()
                RunDirectory.remove(setup.scratch)
            }
            table.show()
        }
    }

    /// A broker with the library in front of the C library.
    private func slowed(_ scratch: String, _ delay: String, _ library: String) -> Broker.Setup {
        var setup = Broker.Setup(
            program: options.program,
            scratch: "\(scratch)/\(delay)",
            options: ["--journal-mib", "\(journalMib)"]
        )
        setup.logLevel = "info"
        setup.environment = ["LD_PRELOAD=\(library)", "SLOW_FLUSH_MS=\(delay)"]
        return setup
    }

    private func measure(_ broker: Broker) throws -> PressureLoad.Outcome {
        let load = PressureLoad(
            port: broker.port,
            pid: broker.pid,
            connections: connections,
            seconds: seconds,
            valueBytes: kibibytes << 10
        )
        return try load.run()
    }

    private func show(_ outcome: PressureLoad.Outcome, of delay: String, in table: inout Table) {
        let megabytes = outcome.latencies.perSecond * Double(kibibytes) / 1024
        let waits = outcome.retryAfter.sorted().map(String.init).joined(separator: ", ")
        table.add(
            "\(delay) ms",
            fixed(megabytes, 1),
            fixed(outcome.latencies.milliseconds(at: 0.5), 0),
            fixed(outcome.latencies.milliseconds(at: 0.99), 0),
            "\(outcome.refusals)",
            waits.isEmpty ? "none" : waits,
            fixed(outcome.unreadMebibytesMost, 1),
            "\(fixed(outcome.residentBefore, 0)), \(fixed(outcome.resident.median, 0)), "
                + fixed(outcome.resident.values.max() ?? .nan, 0)
        )
    }
}
