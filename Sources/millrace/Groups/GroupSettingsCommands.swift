import ArgumentParser
import MillraceClient

/// The settings of a group on the command line.
struct GroupSettingsOptions: ParsableArguments {
    @Option(help: "The topics to share, joined with commas.") var topics: TopicNames?
    @Option(help: "Where partitions without a commit begin: earliest, latest or a time.") var from: String?
    @Option(help: ArgumentHelp("How long delivered records may stay uncommitted: 1s to 15m.", valueName: "time"))
    var commitTimeout: TimeText?
    @Option(help: ArgumentHelp("How long a member that is gone may come back: 1s to 5m.", valueName: "time"))
    var sessionTimeout: TimeText?
    @Option(help: ArgumentHelp("How many members it takes.", valueName: "count")) var membersMax: Int?
    @Option(help: ArgumentHelp("End the group when it had no member for so long: 1h, or unlimited.", valueName: "time"))
    var timeToLive: TimeText?

    func validate() throws {
        for (name, time) in [("--commit-timeout", commitTimeout), ("--session-timeout", sessionTimeout)] {
            if let time, time.milliseconds == nil { throw ValidationError("\(name) cannot be unlimited") }
        }
    }

    /// The settings as the client takes them.
    var settings: GroupSettings {
        var settings = GroupSettings(topics: topics?.names)
        settings.from = from
        settings.commitTimeoutMs = commitTimeout?.milliseconds
        settings.sessionTimeoutMs = sessionTimeout?.milliseconds
        settings.membersMax = membersMax
        settings.timeToLiveMs = timeToLive.map { time in time.milliseconds.map { .atMost($0) } ?? .unlimited }
        return settings
    }
}

/// A length of time on the command line: `500ms`, `30s`, `5m`, `1h`, `7d`, plain seconds; `unlimited` for none.
struct TimeText: ExpressibleByArgument {
    /// Nil is without a limit.
    let milliseconds: Int64?

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        if argument == "unlimited" {
            milliseconds = nil
            return
        }
        let units: [(String, Int64)] = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
        let unit = units.first { argument.hasSuffix($0.0) }
        guard let number = Int64(argument.dropLast(unit?.0.count ?? 0)), number >= 0 else { return nil }
        let (value, isOverflow) = number.multipliedReportingOverflow(by: unit?.1 ?? 1000)
        guard !isOverflow else { return nil }
        milliseconds = value
    }

    var defaultValueDescription: String { GroupText.milliseconds(milliseconds) }
}

/// `millrace group create`.
struct GroupCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Create a group before its first member does.",
        discussion: """
            It does nothing when the group is there with these settings, and is refused when it is there with others.

              millrace group create billing --topics orders,payments --from latest --commit-timeout 5m
            """
    )

    @Argument(help: "The group.") var group: String
    @OptionGroup var settings: GroupSettingsOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try options.show(try await client.createGroup(group, settings.settings)) {
                GroupText.head($0) + "\n" + GroupText.settings($0)
            }
        }
    }
}

/// `millrace group configure`.
struct GroupConfigureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "configure",
        abstract: "Change a group for all its members.",
        discussion: """
            What is not named stays as it is. --topics is the whole new list; the commits of a topic that is not on it any
            more are kept, unless --forget-dropped-topics ends them.

              millrace group configure billing --topics orders,payments,refunds
              millrace group configure billing --commit-timeout 10m
            """
    )

    @Argument(help: "The group.") var group: String
    @OptionGroup var settings: GroupSettingsOptions
    @Flag(help: "End the commits of all topics that are not on the list.") var forgetDroppedTopics = false
    @OptionGroup var options: ClientOptions

    func run() async throws {
        var change = settings.settings
        if forgetDroppedTopics { change.forgetDroppedTopics = true }
        let settings = change
        try await options.withClient { client in
            try options.show(try await client.configureGroup(group, settings)) {
                GroupText.head($0) + "\n" + GroupText.settings($0)
            }
        }
    }
}

/// `millrace group delete`.
struct GroupDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete a group with its committed offsets.",
        discussion: """
            There is no way back: a group of the same name that is made later begins anew. It is refused while the group has
            members, unless --force sends them away.

              millrace group delete billing
            """
    )

    @Argument(help: "The group.") var group: String
    @Flag(help: "Also while it has members.") var force = false
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try await client.deleteGroup(group, force: force)
            switch options.output {
            case .json: try StandardOutput.write(line: #"{"deleted":true}"#)
            case .table: try StandardOutput.write(line: "\(group) is deleted")
            }
        }
    }
}
