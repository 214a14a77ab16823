import ArgumentParser
import BenchSupport
import Glibc

/// Measures what a flush costs on this disk: one growing file, many of them, and one that was written before.
///
/// The patterns are those of an event log: a file for each partition, each flushed; against one commit journal, which is
/// a file that was really written once and is written over ever since. All bytes are random.
@main
struct DiskProbe: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk-probe",
        abstract: "Measures what a flush costs on this disk, file by file and through one journal.",
        discussion: """
            Each pattern runs for --seconds; its files are made in a new directory below --directory and removed at the
            end (about 1.5 GiB at most). Figures of a few seconds flatter many devices: give a minute for the steady state.
            """
    )

    @Option(help: "Where to measure; what counts is the file system and the device behind it.")
    var directory = "."

    @Option(help: "How long each pattern runs, at each repetition.")
    var seconds = 10.0

    @Option(help: "How often the whole list is gone through; the figures are medians over the repetitions.")
    var repeats = 1

    @Option(help: "Seconds of rest after each pattern, in which a device may recover from a burst.")
    var rest = 1.0

    @Option(help: "How many files stand for the partitions.")
    var files = 64

    @Option(help: "Only the patterns whose name contains this text.")
    var only: String?

    @Option(help: "What to print: markdown or json.")
    var output = Output.markdown

    /// The forms in which the figures can be printed.
    enum Output: String, ExpressibleByArgument, CaseIterable {
        case markdown, json
    }

    func validate() throws {
        guard seconds > 0, seconds <= 3600 else { throw ValidationError("--seconds is above 0 and at most 3600") }
        guard (1...1024).contains(files) else { throw ValidationError("--files is from 1 to 1024") }
        guard (1...100).contains(repeats) else { throw ValidationError("--repeats is from 1 to 100") }
        guard (0...600).contains(rest) else { throw ValidationError("--rest is from 0 to 600 seconds") }
    }

    func run() throws {
        let scratch = try ScratchDirectory(below: directory)
        defer { scratch.remove() }
        let place = Place(of: scratch.path)
        let patterns = Pattern.all(files: files).filter { only.map($0.name.contains) ?? true }
        var rows = patterns.map { Row(pattern: $0) }
        for repetition in 1...repeats {
            for index in rows.indices {
                progress("\(repetition)/\(repeats) \(rows[index].pattern.name) ...")
                try measure(&rows[index], in: scratch)
                scratch.empty()
                usleep(UInt32(rest * 1e6))
            }
        }
        let report = Report(place: place, secondsEach: seconds, repeats: repeats, rows: rows)
        print(output == .json ? report.json : report.markdown)
    }

    /// Runs one pattern until its time is over.
    ///
    /// A refusal of O_DIRECT is a row without figures, not an error.
    private func measure(_ row: inout Row, in scratch: ScratchDirectory) throws {
        do {
            row.repetitions.append(try row.pattern.run(scratch, Deadline(seconds: seconds)))
        } catch let failure as SystemFailure where failure.code == EINVAL && row.pattern.isDirect {
            row.repetitions = []
        }
    }

    private func progress(_ text: String) {
        let line = Array("disk-probe: \(text)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
    }
}
