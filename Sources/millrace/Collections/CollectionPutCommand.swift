import ArgumentParser
import MillraceClient

/// `millrace collection put`: a value for an item.
struct CollectionPutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Make an item, or put another value in its place.",
        discussion: """
            The value is any JSON but null: the argument, or a file, or standard input. The labels are those that are given:
            without any, it has none from now on. With --if-match nothing is written if somebody else was quicker.

              millrace collection put prices AAPL '{"bid":18.5}' --label tier=gold --label venue=x
              millrace collection put prices AAPL --file price.json --if-match 1795255200000002
              jq -c .price message.json | millrace collection put prices AAPL
            """
    )

    /// A label on the command line.
    struct Label: ExpressibleByArgument {
        let name: String
        let value: String

        init?(argument: String) {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty else { return nil }
            (name, value) = (String(parts[0]), String(parts[1]))
        }
    }

    @Argument(help: "The collection.") var collection: String
    @Argument(help: "The item's name.") var name: String
    @Argument(help: "The value; none, or -, is standard input.") var value: String?
    @Option(help: ArgumentHelp("Take the value from this file.", valueName: "path")) var file: String?
    @Option(help: ArgumentHelp("A label; may be given several times.", valueName: "name=value"))
    var label: [Label] = []
    @Flag(help: "Only if there is no such item.") var create = false
    @OptionGroup var condition: ConditionOptions
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if file != nil, value != nil {
            throw ValidationError("the value is an argument or a file, not both")
        }
        if create, condition.ifMatch != nil {
            throw ValidationError("--create does not go with --if-match")
        }
        if Set(label.map(\.name)).count < label.count {
            throw ValidationError("a label is given twice")
        }
    }

    func run() async throws {
        let bytes = try read()
        let labels = Dictionary(label.map { ($0.name, $0.value) }) { first, _ in first }
        try await options.withClient { client in
            let item = try await client.putItem(
                name,
                of: collection,
                value: bytes,
                labels: labels,
                if: create ? .missing : condition.condition
            )
            switch options.output {
            case .json: try StandardOutput.write(line: item.json)
            case .table: try StandardOutput.write(line: "\(name) has the version \(item.resourceVersion)")
            }
        }
    }

    private func read() throws -> [UInt8] {
        if let value, value != "-" { return Array(value.utf8) }
        let input = try InputFile(path: file ?? "-")
        var bytes: [UInt8] = []
        while case let block = try input.read(), !block.isEmpty { bytes += block }
        return bytes
    }
}

/// `millrace collection delete`: an item's end.
struct CollectionDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an item.",
        discussion: """
            Those who watch are told. An item that is not there is an error.

              millrace collection delete prices AAPL --if-match 1795255200000002
            """
    )

    @Argument(help: "The collection.") var collection: String
    @Argument(help: "The item's name.") var name: String
    @OptionGroup var condition: ConditionOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try await client.deleteItem(name, of: collection, if: condition.condition)
            switch options.output {
            case .json: try StandardOutput.write(line: #"{"deleted":true}"#)
            case .table: try StandardOutput.write(line: "\(name) is deleted")
            }
        }
    }
}
