import ArgumentParser
import MillraceClient

/// How answers are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    /// For people.
    case table
    /// For programs: one JSON object, or one a line where there is a stream of them.
    case json
}

/// Topics on the command line, joined with commas: one at least, and none without a name.
struct TopicNames: ExpressibleByArgument {
    let names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if names.contains("") { return nil }
    }
}

/// What every client command takes.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The broker. Also MILLRACE_SERVER.", valueName: "url"))
    var server: String = Environment.value("MILLRACE_SERVER") ?? "http://127.0.0.1:8080"

    @Option(help: "How to print: table, or json (one object, or one a line).")
    var output: OutputFormat = .table

    /// Runs `body` with a client of the server.
    func withClient(_ body: (MillraceClient) async throws -> Void) async throws {
        try await MillraceClient.withClient(server: server) { client in try await body(client) }
    }

    /// Prints an answer as it came, or as `table` puts it.
    func show<Value>(_ answer: Answer<Value>, table: (Value) -> String) throws {
        switch output {
        case .json: try StandardOutput.write(line: answer.json)
        case .table: try StandardOutput.write(table(answer.value))
        }
    }
}
