import ArgumentParser
import BenchSupport
import Glibc

/// What every kind of run takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The millrace program.", valueName: "path"))
    var program = ".build-release/release/millrace"

    @Option(help: ArgumentHelp("Where the data goes; a new directory is made in it.", valueName: "path"))
    var directory = ".build-release"

    @Option(help: "Decides what is sent, where and when; drawn and printed if not given.")
    var seed: UInt64?

    @Flag(help: "Tell each step.")
    var verbose = false

    /// Runs `body` with a new directory, which is kept when something went wrong; then the seed is told as well.
    func withScratch(_ command: String, _ body: (Broker.Setup, UInt64) throws -> Void) throws {
        let seed = seed ?? UInt64.random(in: 0..<1_000_000_000)
        let scratch = try RunDirectory.make(below: directory, named: "kills")
        let setup = Broker.Setup(
            program: program,
            scratch: scratch,
            options: ["--journal-mib", "8", "--segment-mib", "1"]
        )
        do {
            try body(setup, seed)
            RunDirectory.remove(scratch)
        } catch {
            print("failed: \(error)")
            print("seed: \(seed)")
            print("again: kills \(command) --seed \(seed) --program \(program)")
            print("kept: \(scratch)")
            throw ExitCode.failure
        }
    }

    func progress(_ text: String) {
        guard verbose else { return }
        let line = Array("kills: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
