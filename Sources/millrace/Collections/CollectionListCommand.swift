import ArgumentParser
import MillraceClient

/// `millrace collection list`: the collections, or the items of one.
struct CollectionListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the collections, or the items of one.",
        discussion: """
            All items are those of one moment, however many there are. With --output json each is one line.

              millrace collection list
              millrace collection list orders -l customer=c1 --field-selector value.state!=delivered
              millrace collection list prices --output json | jq .value.bid
            """
    )

    @Argument(help: "The collection; without one, all of them are listed.") var collection: String?
    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            do {
                guard let collection else { return try await listCollections(client) }
                try await listItems(of: collection, client)
            } catch let closed as StandardOutput.Closed where closed.isReaderGone {
                // There is nobody to print for.
                return
            }
        }
    }

    private func listCollections(_ client: MillraceClient) async throws {
        try options.show(try await client.collections()) { collections in
            var table = Table("COLLECTION", "PARTITIONS")
            for collection in collections {
                table.add(collection.collection, String(collection.partitions))
            }
            return table.text
        }
    }

    /// Page by page: each is printed as it comes, with columns of its own width.
    private func listItems(of collection: String, _ client: MillraceClient) async throws {
        var next: String?
        repeat {
            let page = try await client.items(of: collection, selectors.options, after: next)
            next = page.next
            try show(page.items)
        } while next != nil
    }

    private func show(_ items: [CollectionItem]) throws {
        switch options.output {
        case .json: for item in items { try StandardOutput.write(line: item.json) }
        case .table:
            var table = Table("NAME", "VERSION", "CREATED", "LABELS", "VALUE")
            for item in items {
                table.add(
                    ItemText.name(item),
                    item.resourceVersion,
                    item.creationTimestamp ?? "-",
                    ItemText.labels(item),
                    item.valueText ?? "-"
                )
            }
            try StandardOutput.write(table.text)
        }
    }
}

/// `millrace collection get`: one item.
struct CollectionGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show an item.",
        discussion: """
            It is printed as JSON in any case: metadata and value. An item that is not there is an error.

              millrace collection get prices AAPL | jq .metadata.resourceVersion
            """
    )

    @Argument(help: "The collection.") var collection: String
    @Argument(help: "The item's name.") var name: String
    @OptionGroup var options: ClientOptions

    func run() async throws {
        try await options.withClient { client in
            try StandardOutput.write(line: try await client.item(name, of: collection).json)
        }
    }
}
