import ArgumentParser
import BenchSupport
import Glibc

/// `scale-bench soak`: whether anything grows with time.
struct SoakCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak",
        abstract: "Use a broker in every way for long, and see whether anything grows.",
        discussion: """
            Producers, a group, watchers, a collection, topics that come and go, all at a steady rate, so that every resource should
            find its level within the first half of the time. Resident memory, descriptors, threads and disk use are sampled; the
            exit status is 1 when one of them grew by more than its bound in the second half, or when any client met an error.
            """
    )

    @OptionGroup var options: BenchOptions
    @Option(help: "How long, in minutes.") var minutes = 60.0

    func validate() throws {
        guard minutes >= 0.5 else { throw ValidationError("below half a minute there are too few samples") }
    }

    func run() throws {
        try CheckCommand.check()
        var isGood = false
        try options.withScratch { scratch in
            var result = SoakResult(date: Machine.today, machine: Machine(of: scratch), minutes: minutes)
            try soak(&result, scratch)
            try JSONFile.write(result, to: Kept.soakPath(options.places.results))
            try options.places.write()
            show(result)
            isGood = result.isGood
        }
        guard isGood else { throw ExitCode(1) }
    }

    private func soak(_ result: inout SoakResult, _ scratch: String) throws {
        var setup = Broker.Setup(program: options.program, scratch: scratch, options: SoakClients.options)
        setup.logLevel = "info"
        let broker = try Broker(setup)
        let board = SoakBoard()
        let threads = try SoakClients(port: broker.port, board: board).start()
        let begin = MonotonicClock.microseconds
        let end = begin + Int64(minutes * 60_000_000)
        // Some 60 samples at least, and some 700 in an hour.
        let interval = Int64(min(5, max(0.5, minutes)) * 1_000_000)
        var next = begin
        while MonotonicClock.microseconds < end, broker.isRunning {
            next += interval
            MonotonicClock.sleep(until: min(next, end))
            result.samples.append(try sample(broker, setup.directory, board, since: begin))
            if result.samples.count.isMultiple(of: 12), let last = result.samples.last { Self.tell(last) }
        }
        board.end()
        // Members wait for their next record, and get the farewell.
        do { try broker.stop() } catch { board.fail("broker", error) }
        for thread in threads { thread.join() }
        let log = try TextFile.read(setup.log).split(separator: "\n")
        for line in log where line.contains(" error ") || line.contains(" critical ") {
            board.fail("broker's log", Client.Unexpected(description: String(line)))
        }
        result.work = board.work
        result.errors = board.errors
    }

    private func sample(
        _ broker: Broker,
        _ directory: String,
        _ board: SoakBoard,
        since begin: Int64
    ) throws -> SoakResult.Sample {
        SoakResult.Sample(
            seconds: Double(MonotonicClock.microseconds - begin) / 1_000_000,
            residentMebibytes: try ProcessFacts.residentMebibytes(broker.pid),
            descriptors: Double(try ProcessFacts.descriptorCount(broker.pid)),
            threads: Double(try ProcessFacts.threadCount(broker.pid)),
            diskMebibytes: Double(DiskUse.bytes(below: directory)) / 1_048_576,
            errors: board.errorCount
        )
    }

    private static func tell(_ sample: SoakResult.Sample) {
        let memory = "\(fixed(sample.residentMebibytes, 1)) MiB resident, \(fixed(sample.diskMebibytes, 1)) MiB on disk"
        let counts = "\(fixed(sample.descriptors, 0)) descriptors, \(fixed(sample.threads, 0)) threads"
        Report.note("\(fixed(sample.seconds, 0)) s: \(memory), \(counts), \(sample.errors) errors")
    }

    private func show(_ result: SoakResult) {
        var report = Report()
        for growth in result.growths {
            report.add([
                Report.Cell("what", growth.name),
                Report.Cell("level", growth.level, 1),
                Report.Cell("growth in the second half", Growth.signed(growth.change)),
                Report.Cell("give or take", growth.uncertainty, 1),
                Report.Cell("an hour", Growth.signed(growth.changePerHour)),
                Report.Cell("bound", growth.bound, 1),
                Report.Cell("verdict", growth.verdict.rawValue.replacing("*", with: "")),
            ])
        }
        report.show(options.output)
        for (text, count) in result.errors.sorted(by: { $0.key < $1.key }) { Report.note("\(count) x \(text)") }
        Report.note(result.isGood ? "nothing grows, and there were no errors" : "this is not in order")
    }
}
