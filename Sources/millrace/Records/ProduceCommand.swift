import ArgumentParser
import MillraceClient

/// `millrace produce`: records from files or standard input.
struct ProduceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "produce",
        abstract: "Append records, one a line, from files or standard input.",
        discussion: """
            Lines are sent in requests of bounded size, one after the other; each request is stored whole or not at all, and on
            stable storage before the next one. A request whose answer is lost is sent again, and stored once. With
            --as records a line is {"key":"u1","value":{...},"headers":{...}}; with --as values it is any JSON value, and
            --key says where in it the key stands.

              millrace produce orders --as values --key /id orders.ndjson
              tail -f changes.ndjson | millrace produce changes
            """
    )

    /// What a line is.
    enum LineKind: String, ExpressibleByArgument, CaseIterable {
        case records
        case values
    }

    @Argument(help: "The topic.") var topic: String
    @Argument(help: "Files of JSON lines; none, or -, is standard input.") var files: [String] = []
    @Option(name: .customLong("as"), help: "What a line is: records or values.") var kind: LineKind = .records
    @Option(help: ArgumentHelp("With --as values: the JSON pointer of the key.", valueName: "pointer"))
    var key: String?
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if key != nil, kind == .records { throw ValidationError("--key goes with --as values") }
    }

    func run() async throws {
        try await options.withClient { client in
            var producer = client.lineProducer(
                topic,
                kind == .values ? .values(key: key) : .records,
                as: Producer()
            )
            do {
                try await send(with: &producer)
            } catch let error as MillraceError {
                throw Interrupted(error: error, lines: producer.requestLines, stored: producer.summary.records)
            }
            // Nothing was sent, so nobody has told yet whether there is such a topic.
            if producer.summary.records == 0 { _ = try await client.topic(topic) }
            try show(producer.summary)
        }
    }

    private func send(with producer: inout LineProducer) async throws {
        var progress = Progress()
        for path in files.isEmpty ? ["-"] : files {
            let file = try InputFile(path: path)
            while case let block = try file.read(), !block.isEmpty {
                try await producer.write(block)
                progress.show(producer.summary.records)
                if !file.isReady { try await producer.flush() }
            }
            try await producer.endFile()
        }
        try await producer.finish()
    }

    private func show(_ summary: ProduceSummary) throws {
        switch options.output {
        case .table:
            try StandardOutput.write(
                line: "stored \(summary.records) records in \(summary.ranges.count) partitions of \(topic)"
            )
        case .json:
            let ranges = summary.ranges.map {
                #"{"partition":\#($0.partition),"baseOffset":\#($0.first),"endOffset":\#($0.end)}"#
            }
            try StandardOutput.write(
                line: #"{"count":\#(summary.records),"partitions":[\#(ranges.joined(separator: ","))]}"#
            )
        }
    }

    /// A failure after some of the input may have been stored: where to go on.
    private struct Interrupted: Error, CustomStringConvertible {
        let error: MillraceError
        let lines: ClosedRange<Int>?
        let stored: Int

        var description: String {
            // The refusal counts lines from the beginning of its request.
            guard let lines, lines.lowerBound > 1 else { return error.description }
            return "in the request that began at line \(lines.lowerBound) of the input: \(error); "
                + "the \(stored) records before it are stored"
        }
    }

    /// A line on standard error every two seconds, so that a long input is not a silence.
    private struct Progress {
        private var next = ContinuousClock.now + .seconds(2)

        mutating func show(_ records: Int) {
            guard ContinuousClock.now >= next else { return }
            StandardError.note("\(records) records stored")
            next = .now + .seconds(2)
        }
    }
}
