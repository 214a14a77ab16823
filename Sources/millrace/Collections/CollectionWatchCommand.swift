import ArgumentParser
import MillraceClient

/// `millrace collection watch`: a collection as it is, and as it changes.
struct CollectionWatchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Print a collection's items, and every change, until interrupted.",
        discussion: """
            First each item comes as ADDED, then the changes: ADDED, MODIFIED, DELETED. With selectors an item that begins to
            fit is ADDED, and one that no longer does is DELETED. It reconnects by itself and misses nothing. If it was away
            for so long that the changes are no longer kept, it says LISTING and begins anew with the items: what was known
            before is to be forgotten, for items that are gone meanwhile are not told.

              millrace collection watch prices
              millrace collection watch orders -l customer=c1 --output json | jq -r '[.type, .object.metadata.name] | @tsv'
              millrace collection watch prices --from 1795255200000913
            """
    )

    @Argument(help: "The collection.") var collection: String
    @Option(help: ArgumentHelp("Only what changes after this version.", valueName: "version"))
    var from: String?
    @Option(help: "Stop after so many events.") var limit: Int?
    @OptionGroup var selectors: SelectorOptions
    @OptionGroup var options: ClientOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is at least 1") }
    }

    func run() async throws {
        try await options.withClient { client in
            var left = limit ?? .max
            do {
                for try await event in client.watchItems(of: collection, selectors.options, from: from) {
                    if try show(event) { left -= 1 }
                    if left == 0 { return }
                }
            } catch let closed as StandardOutput.Closed where closed.isReaderGone {
                // There is nobody to print for.
                return
            }
        }
    }

    /// Prints an event; answers whether it was a change.
    private func show(_ event: CollectionEvent) throws -> Bool {
        switch event {
        case .change(let change):
            try StandardOutput.write(line: line(change))
            return true
        case .listing(let reason?):
            StandardError.note("\(reason); listing again")
            try StandardOutput.write(line: listing)
        case .disconnected(let error, let delay):
            StandardError.note("\(error); again in \(delay.rounded)")
        case .goodbye(let goodbye) where goodbye.reconnect:
            StandardError.note("the broker ends the stream (\(goodbye.reason)); reconnecting")
        case .listing, .listed, .connected, .bookmark, .goodbye, .other: break
        }
        return false
    }

    /// Whoever reads the output alone must learn, too, that what he knows is no more.
    private var listing: String {
        options.output == .table ? "LISTING   all items again, and no others are there" : #"{"type":"LISTING"}"#
    }

    private func line(_ change: ItemChange) -> String {
        guard options.output == .table else { return change.json }
        let kind = change.kind.rawValue + String(repeating: " ", count: 8 - change.kind.rawValue.count)
        let item = change.item
        return [kind, ItemText.name(item), item.resourceVersion, item.valueText ?? "-"].joined(
            separator: "  "
        )
    }
}
