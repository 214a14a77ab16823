import ArgumentParser
import Logging
import MillraceClient
import ServiceLifecycle

/// `millrace work`: a member of a group.
struct WorkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "work",
        abstract: "Join a group and work on the records that it hands out: print them, or run a command for each.",
        discussion: """
            Start it several times and the workers share the topics' partitions; stop one, and the others take over where its
            commits ended. Without a command records are printed, and committed once they are; a worker that is killed leaves
            records that another one gets again, and none that nobody got. It reconnects by itself, also after a restart of
            the broker.

            With a command, which follows `--`, each record's value is the input of a run of it. Exit status 0 commits the
            record; another one is tried again, with growing delays. Records of one partition run one after the other, of
            several partitions side by side (--parallel). With --batch a run gets up to so many records of one partition,
            one JSON object a line. The environment tells MILLRACE_GROUP, MILLRACE_SERVER, MILLRACE_TOPIC,
            MILLRACE_PARTITION, MILLRACE_OFFSET and MILLRACE_ATTEMPT; of a record also MILLRACE_TIMESTAMP, MILLRACE_KEY
            (or MILLRACE_KEY_BASE64) and, when it has no value, MILLRACE_TOMBSTONE=1; of a batch MILLRACE_LAST_OFFSET and
            MILLRACE_COUNT. A run may take as long as it likes: its partition's lease is renewed.

            SIGTERM and SIGINT let the runs end, commit, give the partitions back, and leave.

              millrace work billing --topics orders --output json
              millrace work billing --topics orders --parallel 4 -- ./charge.sh
              millrace work index --topics orders,payments --batch 500 --on-failure skip -- curl -sfT- localhost:9200/_bulk
            """
    )

    @Argument(help: "The group. Its first member creates it.") var group: String
    @Option(help: "The topics to share, joined with commas; the same for every member.") var topics: TopicNames
    @Option(help: "A name that keeps this worker's partitions over a short absence.") var instance: String?
    @Option(help: ArgumentHelp("Commit at the latest after so many records are printed.", valueName: "count"))
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
    @Option(help: "Where partitions without a commit begin: earliest, latest or a time.") var from: String = "earliest"
    @Flag(help: "Print only: the next worker gets the same records.") var noCommit = false
    @Flag(help: "Exit when nothing is left to do for the whole group.") var untilCaughtUp = false
    @Flag(help: "Ask for records by requests that wait, instead of one answer that goes on.") var longPoll = false
    @OptionGroup(title: "Running a command") var runs: RunOptions
    @OptionGroup var options: ClientOptions
    @Argument(parsing: .postTerminator, help: "A command and its arguments, after --.") var command: [String] = []

    func validate() throws {
        if commitRecords < 1 || commitInterval < 1 {
            throw ValidationError("--commit-records and --commit-interval are at least 1")
        }
        if noCommit, untilCaughtUp {
            throw ValidationError("--until-caught-up waits for commits, and --no-commit makes none")
        }
        if command.isEmpty {
            // A shell leaves out a variable that is empty; printing and committing instead would lose work.
            if CommandLine.arguments.last == "--" { throw ValidationError("-- is followed by a command") }
            if let name = runs.used { throw ValidationError("\(name) goes with a command, which follows --") }
        } else if noCommit {
            throw ValidationError("--no-commit does not go with a command: its exit status decides")
        }
    }

    func run() async throws {
        try await options.withClient { client in
            try await Self.untilSignalled(worker(client))
        }
    }

    private func worker(_ client: MillraceClient) -> Worker {
        var settings = MemberSettings()
        settings.delivery = longPoll ? .longPoll : .stream
        settings.commitInterval = .milliseconds(commitInterval)
        settings.callbacks = WorkNotes.callbacks
        return Worker(
            client: client,
            join: GroupJoinOptions(
                group: group,
                topics: topics.names,
                instance: instance,
                maxInFlight: maxInFlight,
                commitTimeoutMilliseconds: commitTimeout,
                from: from
            ),
            settings: settings,
            job: job,
            endsWhenCaughtUp: untilCaughtUp,
            graceMax: runs.graceMax
        )
    }

    private var job: Worker.Job {
        guard !command.isEmpty else {
            return .print(WorkPrinter(format: options.output, commitRecords: noCommit ? nil : commitRecords))
        }
        let variables = ["MILLRACE_GROUP=\(group)", "MILLRACE_SERVER=\(options.server)"]
        let handler = runs.handler(command, variables: variables)
        return .run(handler, parallel: runs.parallel ?? 1, batchMax: runs.batch ?? 1)
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
