import ArgumentParser
import MillraceClient

/// `millrace watch`: a topic's records as they come.
struct WatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print a topic's records, and those to come, until interrupted.",
        discussion: """
            Watching changes nothing on the broker: nobody's offsets move, and any number may watch. It reconnects by itself
            and goes on where it stopped.

              millrace watch orders --from earliest --limit 10
              millrace watch orders --output json | jq .value
              millrace watch orders --filter 'value.state in (paid,shipped),!headers.test' --fields /state,/total
              millrace watch orders --from 2026-11-21T08:00:00Z --to 2026-11-21T09:00:00Z
            """
    )

    @Argument(help: "The topic.") var topic: String
    @Option(
        parsing: .unconditional,
        help:
            "earliest, latest, -<n> (so many before the end, per partition), a time, an offset with --partition, or a cursor."
    )
    var from: String = "latest"
    @Option(
        parsing: .unconditional,
        help: "Stop before this: latest, -<n>, a time, an offset with --partition, or a cursor."
    )
    var to: String?
    @Option(help: "Only records of which this holds, such as 'value.state=paid,key^=u'.") var filter: String?
    @Option(help: "Only these parts of each value: JSON pointers, joined with commas.") var fields: String?
    @Option(help: "Stop after so many records.") var limit: Int?
    @Option(help: "Only this partition.") var partition: Int32?
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await options.withClient { client in
            let reading = ReadOptions(
                from: from,
                limit: limit,
                partition: partition,
                to: to,
                filter: filter,
                fields: fields
            )
            do {
                for try await event in client.watch(topic, reading) { try show(event) }
            } catch let closed as StandardOutput.Closed where closed.isReaderGone {
                // There is nobody to print for.
                return
            }
        }
    }

    private func show(_ event: WatchEvent) throws {
        switch event {
        case .record(let record):
            try StandardOutput.write(line: RecordText.line(record, options.output))
        case .gap(let gap):
            StandardError.note(
                "offsets \(gap.from) to \(gap.to - 1) of \(gap.topic)/\(gap.partition) were removed before they were read"
            )
        case .disconnected(let error, let delay):
            StandardError.note("\(error); again in \(delay.rounded)")
        case .goodbye(let goodbye) where goodbye.reconnect:
            StandardError.note("the broker ends the stream (\(goodbye.reason)); reconnecting")
        case .connected, .bookmark, .goodbye, .other: break
        }
    }
}

extension Duration {
    /// The duration in tenths of a second, or in milliseconds below one second, for people.
    var rounded: String {
        guard self >= .seconds(1) else { return "\(Int((self / .milliseconds(1)).rounded())) ms" }
        let tenths = (self / .milliseconds(100)).rounded()
        return "\(tenths / 10) s"
    }
}
