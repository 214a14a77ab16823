import ArgumentParser
import SegmentStore

/// What every `log` command takes.
struct LogOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The data directory. Also MILLRACE_DATA_DIR.", valueName: "path"))
    var dataDir: String = Environment.value("MILLRACE_DATA_DIR") ?? "millrace-data"

    @Option(
        help: ArgumentHelp(
            "Where the commit journal lies, as `serve` was told. Also MILLRACE_JOURNAL_DIR. (default: the data directory)",
            valueName: "path"
        )
    )
    var journalDir: String?

    @Option(help: "How to print: table, or json (one object a line).")
    var output: OutputFormat = .table

    /// Runs `body` with the directory, which is given up afterwards.
    func withDirectory<Value>(_ body: (DirectoryInspection) throws -> Value) throws -> Value {
        let directory = try open()
        defer { directory.close() }
        return try body(directory)
    }

    /// Opens the directory; the caller gives it up.
    func open() throws -> DirectoryInspection {
        try DirectoryInspection(configuration, fileSystem: PosixFileSystem())
    }

    /// Where the directory and its journal lie.
    var configuration: StoreConfiguration {
        var configuration = StoreConfiguration(directory: .init(dataDir))
        configuration.journalDirectory = (journalDir ?? Environment.value("MILLRACE_JOURNAL_DIR")).map { .init($0) }
        return configuration
    }
}
