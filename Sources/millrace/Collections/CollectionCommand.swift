import ArgumentParser
import MillraceClient

/// `millrace collection`: compacted topics as the latest value of each key.
struct CollectionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collection",
        abstract: "List, get, put, delete and watch the items of collections.",
        discussion: """
            A collection is a topic that keeps the latest value of each key. Each item has a version, which changes with it:
            a write can ask for the one that was read, and a watch goes on where a list ended, so no change is missed.

              millrace topic create prices --cleanup compact
              millrace collection put prices AAPL '{"bid":18.5}' --label tier=gold
              millrace collection list prices -l tier=gold
              millrace collection watch prices
            """,
        subcommands: [
            CollectionListCommand.self, CollectionGetCommand.self, CollectionPutCommand.self,
            CollectionDeleteCommand.self, CollectionWatchCommand.self,
        ]
    )
}

/// Which items a command is about.
struct SelectorOptions: ParsableArguments {
    @Option(
        name: [.customShort("l"), .long],
        help: ArgumentHelp(
            "Only items with these labels: 'tier=gold,!test', 'state in (paid,shipped)'.",
            valueName: "terms"
        )
    )
    var selector: String?
    @Option(
        help: ArgumentHelp(
            "Only items with these fields: 'metadata.name=AAPL', 'value.state!=paid'.",
            valueName: "terms"
        )
    )
    var fieldSelector: String?

    var options: CollectionOptions {
        CollectionOptions(labelSelector: selector, fieldSelector: fieldSelector)
    }
}

/// What an item must be for a write to be carried out.
struct ConditionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Only if the item has this version; *: only if there is one.",
            valueName: "version"
        )
    )
    var ifMatch: String?

    var condition: ItemCondition? { ifMatch.map { $0 == "*" ? .exists : .version($0) } }
}

/// Items as text for people.
enum ItemText {
    /// The name, or the key in Base64.
    static func name(_ item: CollectionItem) -> String { item.name ?? item.nameBase64 ?? "-" }

    /// The labels, by their names.
    static func labels(_ item: CollectionItem) -> String {
        guard !item.labels.isEmpty else { return "-" }
        return item.labels.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
            separator: ","
        )
    }
}
