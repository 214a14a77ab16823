import ArgumentParser
import Logging
import MillraceClient
import ServiceLifecycle

/// `millrace work`: a member of a group.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Join a group, print the records that it hands out, commit what was printed.",
        discussion: """
            Start it several times and the workers share the topics' partitions; stop one, and the others take over where its
            commits ended. A record is printed before it is committed, so a worker that is killed leaves records that another
            one prints again, and none that nobody printed. It reconnects by itself, also after a restart of the broker.
            SIGTERM and SIGINT commit what was printed and leave.

              millrace work billing --topics orders --output json
              millrace work billing --topics orders,payments --instance pod-7 --until-caught-up
            """
    )

    @Argument(help: "The group. Its first member creates it.") var group: String
    @Option(help: "The topics to share, joined with commas; the same for every member.") var topics: String
    @Option(help: "A name that keeps this worker's partitions over a short absence.") var instance: String?
    @Option(help: ArgumentHelp("Commit at the latest after so many records.", valueName: "count"))
    var commitRecords: Int = 500
    @Option(help: ArgumentHelp("Commit at the latest after so many milliseconds.", valueName: "ms"))
    var commitInterval: Int = 1000
    @Option(help: ArgumentHelp("Records to be handed out and not committed, at most.", valueName: "count"))
    var maxInFlight: Int?
    @Option(
        help: ArgumentHelp(
            "Milliseconds after which records that were handed out and not committed go to another worker.",
            discussion: "The group's first member decides it; 1000 to 900000, one minute by default.",
            valueName: "ms"
        )
    )
    var commitTimeout: Int?
    @Option(help: "Where partitions without a commit begin: earliest or latest.") var from: String = "earliest"
    @Flag(help: "Print only: the next worker gets the same records.") var noCommit = false
    @Flag(help: "Exit when nothing is left to do for the whole group.") var untilCaughtUp = false
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if topics.isEmpty { throw ValidationError("--topics names at least one topic") }
        if commitRecords < 1 || commitInterval < 1 {
            throw ValidationError("--commit-records and --commit-interval are at least 1")
        }
        if noCommit, untilCaughtUp {
            throw ValidationError("--until-caught-up waits for commits, and --no-commit makes none")
        }
    }

    func run() async throws {
        let format = options.output
        try await options.withClient { client in
            let ledger = WorkLedger(client: client) { record in
                try StandardOutput.write(line: RecordText.line(record, format))
            }
            let worker = Worker(client: client, ledger: ledger, settings: settings)
            try await Self.untilSignalled(worker)
        }
    }

    private var settings: Worker.Settings {
        Worker.Settings(
            join: GroupJoinOptions(
                group: group,
                topics: topics.split(separator: ",").map(String.init),
                instance: instance,
                maxInFlight: maxInFlight,
                commitTimeoutMilliseconds: commitTimeout,
                from: from
            ),
            commitRecords: noCommit ? nil : commitRecords,
            commitInterval: .milliseconds(commitInterval),
            endsWhenCaughtUp: untilCaughtUp
        )
    }

    private static func untilSignalled(_ worker: Worker) async throws {
        let service = ServiceGroupConfiguration.ServiceConfiguration(
            service: worker,
            successTerminationBehavior: .gracefullyShutdownGroup
        )
        // The service group's own log lines say nothing to a user of the command line.
        let logger = Logger(label: "millrace") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [service],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}
