import ArgumentParser

/// The options of `serve`; what is not given comes from the environment, then from the defaults.
struct ServeOptions: ParsableArguments {
    @Option(help: "The address to listen on. (default: 127.0.0.1)")
    var host: String?

    @Option(help: "The port; 0 takes a free one. (default: 8080)")
    var port: String?

    @Option(help: ArgumentHelp("Where the data lies; made if missing. (default: millrace-data)", valueName: "path"))
    var dataDir: String?

    @Option(
        help: ArgumentHelp("The commit journal's size, when the directory is made. (default: 128)", valueName: "mib")
    )
    var journalMib: String?

    @Option(
        help: ArgumentHelp(
            "Where the commit journal lies; made if missing, the same at every start. (default: the data directory)",
            valueName: "path"
        )
    )
    var journalDir: String?

    @Option(help: ArgumentHelp("The size at which a segment is sealed. (default: 128)", valueName: "mib"))
    var segmentMib: String?

    @Option(
        help: ArgumentHelp("How often the check of stored bytes begins; 0 for never. (default: 24)", valueName: "hours")
    )
    var scrubHours: String?

    @Option(help: ArgumentHelp("How fast that check reads at most, a second. (default: 8)", valueName: "mib"))
    var scrubMib: String?

    @Option(
        help: ArgumentHelp(
            "How long a sealed segment is left alone before it may be compacted. (default: 300)",
            valueName: "seconds"
        )
    )
    var compactionLagSeconds: String?

    @Option(
        help: ArgumentHelp("How often old segments are looked for. (default: 60)", valueName: "seconds")
    )
    var maintenanceSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Segments that are kept open. (default: half of the limit of open files, at most 65,536)",
            valueName: "count"
        )
    )
    var maxOpenSegments: String?

    @Option(
        help: ArgumentHelp(
            "Connections that are kept open; further ones wait. (default: what open files are left, at most 16,384)",
            valueName: "count"
        )
    )
    var maxConnections: String?

    @Option(
        help: ArgumentHelp(
            "Web pages of this origin may use the API, such as https://app.example; given again for more, * for all.",
            discussion: "Without it no page of another origin can read an answer.",
            valueName: "origin"
        )
    )
    var corsOrigin: [String] = []

    @Option(
        help: ArgumentHelp(
            "How long a stream is silent before it sends a heartbeat; less than any proxy waits. (default: 15)",
            valueName: "seconds"
        )
    )
    var heartbeatSeconds: String?

    @Option(
        help: ArgumentHelp(
            "Streams that one client may have open; all anonymous ones are one."
                + " (default: three quarters of the connections, at most 10,000)",
            valueName: "count"
        )
    )
    var maxStreams: String?

    @Option(
        help: ArgumentHelp(
            "How long a watcher may take nothing before it is told slow and closed. (default: 60)",
            valueName: "seconds"
        )
    )
    var slowWatcherSeconds: String?

    @Option(
        help: ArgumentHelp(
            "How requests reach the API: direct, or hummingbird, which costs more and answers the same. (default: direct)"
        )
    )
    var transport: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?
}
