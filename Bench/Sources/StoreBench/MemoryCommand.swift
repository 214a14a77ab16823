import ArgumentParser
import BenchSupport
import Glibc

/// `store-bench memory`: what idle partitions cost.
struct MemoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "memory",
        abstract: "The broker's resident memory and processor time with idle partitions."
    )

    @OptionGroup var options: BenchOptions

    @Option(help: "How many partitions, with commas between.")
    var partitions = "0,1000,10000"

    @Option(help: "How long it idles.")
    var seconds = 10

    func run() throws {
        try options.withScratch { scratch in
            var report = Report()
            for text in partitions.split(separator: ",") {
                guard let count = Int(text) else { throw ValidationError("not a number: \(text)") }
                let setup = Broker.Setup(program: options.program, scratch: "\(scratch)/\(count)")
                mkdir(setup.scratch, 0o755)
                var broker = try Broker(setup)
                if count > 0 { try write(broker, count) }
                let written = try ProcessFacts.residentMebibytes(broker.pid)
                try broker.stop()
                broker = try Broker(setup)
                let before = try ProcessFacts.processorSeconds(broker.pid)
                sleep(UInt32(seconds))
                let share = (try ProcessFacts.processorSeconds(broker.pid) - before) / Double(seconds)
                report.add([
                    Report.Cell("idle partitions, each with a record", Double(count), 0),
                    Report.Cell("MiB after writing", written, 0),
                    Report.Cell("MiB after a restart", try ProcessFacts.residentMebibytes(broker.pid), 0),
                    Report.Cell("% of a core, idle", share * 100, 1),
                ])
                try broker.stop()
            }
            report.show(options.output)
        }
    }

    /// One record for each partition, in requests of a hundred.
    private func write(_ broker: Broker, _ count: Int) throws {
        try Client(port: broker.port).createTopic("idle", "{\"partitions\":\(count)}")
        let connection = try HTTPConnection(port: broker.port)
        for first in stride(from: 0, to: count, by: 100) {
            let lines = (first..<min(first + 100, count)).map { "{\"partition\":\($0),\"value\":{\"n\":\($0)}}\n" }
            let request = HTTPRequest(
                "POST",
                "/v1/topics/idle/records",
                headers: [("Content-Type", "application/x-ndjson")],
                body: Array(lines.joined().utf8)
            )
            let answer = try connection.exchange(request)
            guard answer.status == 200 else { throw MeasuredStore.Refused(description: answer.text) }
        }
    }
}
