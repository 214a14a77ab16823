import ArgumentParser
import Glibc
import MillraceClient

/// `millrace group watch`: a group as it works.
struct GroupWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show a group live: lag, owners, and how fast it commits.",
        discussion: """
            RATE is how many records were committed in a second since the last look. On a terminal the picture is drawn anew;
            otherwise one follows the other, with --output json one object a line. It goes on when the broker comes back.

              millrace group watch billing
              millrace group watch billing --interval 10s --output json | jq .lag
            """
    )

    @Argument(help: "The group.") var group: String
    @Option(help: ArgumentHelp("How often to look: 500ms, 2s.", valueName: "time"))
    var interval = TimeText(milliseconds: 2000)
    @Option(help: ArgumentHelp("Stop after so many looks.", valueName: "count")) var limit: Int?
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
        guard let milliseconds = interval.milliseconds, milliseconds >= 100 else {
            throw ValidationError("--interval is at least 100ms")
        }
    }

    func run() async throws {
        try await options.withClient { client in
            do {
                try await watch(client)
            } catch let closed as StandardOutput.Closed where closed.isReaderGone {
                // There is nobody to show it to.
                return
            }
        }
    }

    private func watch(_ client: MillraceClient) async throws {
        var picture = GroupPicture()
        var count = 0
        var hasBeenSeen = false
        while true {
            do {
                let answer = try await client.group(group)
                hasBeenSeen = true
                try show(answer, &picture)
                count += 1
            } catch let error as MillraceError {
                // A wrong address or name is an error; what was there once may come back.
                guard hasBeenSeen, error.isWorthReconnecting else { throw error }
                StandardError.note("\(error); looking again")
            }
            if count == limit { return }
            try await Task.sleep(for: .milliseconds(interval.milliseconds ?? 2000))
        }
    }

    private func show(_ answer: Answer<GroupReport>, _ picture: inout GroupPicture) throws {
        guard options.output == .table else { return try StandardOutput.write(line: answer.json) }
        let text = picture.text(answer.value, at: .now)
        // Home, and clear what is below: the former picture may have been longer.
        try StandardOutput.write(isatty(STDOUT_FILENO) == 1 ? "\u{1B}[H\u{1B}[J" + text : text + "\n")
    }
}

/// A group's pictures one after the other: each tells what was committed since the one before.
struct GroupPicture {
    private var former: (report: GroupReport, time: ContinuousClock.Instant)?

    /// The next picture.
    mutating func text(_ report: GroupReport, at time: ContinuousClock.Instant) -> String {
        let rates = rates(report, at: time)
        former = (report, time)
        return GroupText.head(report) + "\n" + GroupText.members(report) + "\n"
            + GroupText.partitions(report, rates: rates)
    }

    private func rates(_ report: GroupReport, at time: ContinuousClock.Instant) -> [GroupPartition: String] {
        guard let former else { return [:] }
        let seconds = (time - former.time) / .seconds(1)
        guard seconds > 0 else { return [:] }
        let before = Dictionary(
            former.report.partitions.map { (GroupPartition(topic: $0.topic, partition: $0.partition), $0.committed) },
            uniquingKeysWith: { first, _ in first }
        )
        var rates: [GroupPartition: String] = [:]
        for partition in report.partitions {
            let place = GroupPartition(topic: partition.topic, partition: partition.partition)
            guard let earlier = before[place] ?? nil, let committed = partition.committed else { continue }
            rates[place] = String(Int((Double(committed - earlier) / seconds).rounded()))
        }
        return rates
    }
}
