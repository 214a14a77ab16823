import ArgumentParser
import BenchSupport

/// Measures the hot loops, one by one, in time and in instructions.
@main
struct MicroBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "micro-bench",
        abstract: "Measure the broker's hot loops, one by one: how long, and how many instructions.",
        discussion: """
            time   runs each loop in rounds and tells nanoseconds an operation. It depends on the machine and on what else
                   runs there: compare two builds side by side, in turn, and never a figure with one of another day.
            count  runs one loop a fixed number of times, and callgrind counts the instructions. They hardly depend on the
                   machine, so that `make instructions` compares them with Bench/instructions.txt.
            list   names the loops.

            Where the instructions of a loop go:

              strip --strip-debug -o micro-bench Bench/.build-torture/release/micro-bench
              SWIFT_DETERMINISTIC_HASHING=1 valgrind --tool=callgrind --callgrind-out-file=out \\
                  ./micro-bench count page-ndjson --passes 50
              callgrind_annotate out | swift demangle | less
            """,
        subcommands: [TimeCommand.self, CountCommand.self, ListCommand.self],
        defaultSubcommand: TimeCommand.self
    )
}

/// Runs one loop, for callgrind.
struct CountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count",
        abstract: "Run one loop a fixed number of times, for a program that counts instructions.",
        discussion: """
            The instructions of a pass are those of a run of 2N passes less those of a run of N, divided by N: the start of
            the process and the making of the data cancel out, and no tool has to be told where the loop begins. What is
            printed is how many operations a pass has.
            """
    )

    @Argument(help: "Which loop: see `micro-bench list`.")
    var loop: String

    @Option(help: "How often it is passed through.")
    var passes = 1

    func validate() throws {
        guard (1...1_000_000).contains(passes) else { throw ValidationError("--passes is from 1 to 1000000") }
    }

    func run() throws {
        let benchmark = try Benchmark.named(loop)
        let passes = passes
        try waiting {
            try await Workspace.withNew { workspace in
                let loop = try await benchmark.prepare(workspace)
                for _ in 0..<passes { try await loop.pass() }
                await loop.end()
                print(loop.operations)
            }
        }
    }
}

/// Names the loops.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Name the loops."
    )

    @Flag(help: "Print what `make instructions` needs: a loop's name, and how many passes it counts.")
    var passes = false

    func run() {
        let width = Benchmark.all.map(\.name.count).max() ?? 0
        for benchmark in Benchmark.all {
            if passes {
                print(benchmark.name, benchmark.passesCounted)
            } else {
                let name = benchmark.name + String(repeating: " ", count: width - benchmark.name.count)
                print("\(name)  \(benchmark.about); per \(benchmark.operation)")
            }
        }
    }
}
