import ArgumentParser
import BenchSupport
import Glibc

/// `store-bench recovery`: how long a broker takes to listen again, after an end in order and after a kill.
struct RecoveryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery",
        abstract: "Start the broker on a directory of a size, closed in order and as a crash leaves it."
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "The size of the directory.")
    var mebibytes = 1024

    func run() throws {
        try options.withScratch { scratch in
            let setup = Broker.Setup(program: options.program, scratch: scratch, options: ["--log-level", "info"])
            try fill(setup, mebibytes, unclean: false)
            var clean = Series()
            var unclean = Series()
            for _ in 0..<options.rounds {
                clean.add(try start(setup))
                try fill(setup, 24, unclean: true)
                unclean.add(try start(setup))
            }
            var report = Report()
            // As a crash leaves it: 24 MiB above the checkpoint at most.
            report.add([
                Report.Cell("start with so many MiB, caches dropped", Double(mebibytes), 0),
                Report.Cell("closed in order, s", clean, 2),
                Report.Cell("as a crash leaves it, s", unclean, 2),
            ])
            report.show(options.output)
        }
    }

    /// Fills in a process of its own, so that it can end without closing anything.
    private func fill(_ setup: Broker.Setup, _ mebibytes: Int, unclean: Bool) throws {
        let child = try ChildProcess(
            [CommandLine.arguments[0], "fill", "--data", setup.directory, "--mebibytes", "\(mebibytes)"]
                + (unclean ? ["--unclean"] : [])
        )
        var text: [String] = []
        child.errors.forEachLine { text.append($0) }
        guard child.wait() == 0 else { throw MeasuredStore.Refused(description: text.joined(separator: "\n")) }
    }

    /// Starts the broker, and ends it in order.
    private func start(_ setup: Broker.Setup) throws -> Double {
        sync()
        // Without root the files stay in the cache, and the figure is that of a warm start.
        if let file = fopen("/proc/sys/vm/drop_caches", "w") {
            fputs("3\n", file)
            fclose(file)
        }
        let before = ContinuousClock.now
        let broker = try Broker(setup)
        let seconds = (ContinuousClock.now - before).seconds
        try broker.stop()
        return seconds
    }
}
