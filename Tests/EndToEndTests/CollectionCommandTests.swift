import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// `millrace collection`, as an operator uses it.
    @Suite struct CollectionCommandTests {
        /// Runs `millrace collection` to its end.
        @discardableResult
        private static func run(
            _ sandbox: Sandbox,
            _ broker: BrokerProcess,
            _ arguments: String...,
            exit: Int32 = 0
        ) async throws -> (output: String, errors: String) {
            let child = try sandbox.millrace(
                "collection",
                arguments: ["collection"] + arguments + ["--server", broker.server]
            )
            let end = try await child.ended()
            #expect(end == .status(exit), "\(arguments): \(child.outputText) \(child.errorText)")
            return (child.outputText, child.errorText)
        }

        private static func makePrices(_ sandbox: Sandbox, _ broker: BrokerProcess) async throws {
            let arguments = [
                "topic", "create", "prices", "--cleanup", "compact", "--server", broker.server,
            ]
            #expect(try await sandbox.millrace("topic", arguments: arguments).ended() == .status(0))
        }

        @Test(.timeLimit(.minutes(3)))
        func itemsAreMadeShownListedAndDeleted() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                try await Self.makePrices(sandbox, broker)
                let file = sandbox.directory.appendingPathComponent("value.json")
                try Data(#"{"bid": 2}"#.utf8).write(to: file)
                try await Self.run(
                    sandbox,
                    broker,
                    "put",
                    "prices",
                    "AAPL",
                    #"{"bid":1}"#,
                    "--label",
                    "tier=gold"
                )
                let made = try await Self.run(
                    sandbox,
                    broker,
                    "put",
                    "prices",
                    "a/b",
                    "--file",
                    file.path,
                    "--create"
                )
                let version = try #require(made.output.split(whereSeparator: \.isWhitespace).last)
                let again = try await Self.run(
                    sandbox,
                    broker,
                    "put",
                    "prices",
                    "a/b",
                    "3",
                    "--create",
                    exit: 1
                )
                #expect(again.errors.contains("version-conflict"), "\(again.errors)")
                // Its standard input is empty.
                let empty = try await Self.run(sandbox, broker, "put", "prices", "a/b", exit: 1)
                #expect(empty.errors.contains("not one JSON value"), "\(empty.errors)")

                let shown = try await Self.run(sandbox, broker, "get", "prices", "a/b")
                #expect(
                    shown.output.contains(#""name":"a/b","resourceVersion":"\#(version)""#),
                    "\(shown.output)"
                )
                let listed = try await Self.run(sandbox, broker, "list", "prices")
                #expect(
                    listed.output.contains("AAPL") && listed.output.contains("tier=gold"),
                    "\(listed.output)"
                )
                let gold = try await Self.run(
                    sandbox,
                    broker,
                    "list",
                    "prices",
                    "-l",
                    "tier=gold",
                    "--output",
                    "json"
                )
                #expect(
                    gold.output.split(separator: "\n").count == 1
                        && gold.output.contains(#""value":{"bid":1}"#)
                )
                let two = try await Self.run(
                    sandbox,
                    broker,
                    "list",
                    "prices",
                    "--field-selector",
                    "value.bid=2"
                )
                #expect(two.output.contains("a/b") && !two.output.contains("AAPL"), "\(two.output)")
                #expect(try await Self.run(sandbox, broker, "list").output.contains("prices"))

                let put = try await Self.run(
                    sandbox,
                    broker,
                    "put",
                    "prices",
                    "a/b",
                    "4",
                    "--if-match",
                    "\(version)"
                )
                #expect(put.output.hasPrefix("a/b has the version "))
                let late = try await Self.run(
                    sandbox,
                    broker,
                    "delete",
                    "prices",
                    "a/b",
                    "--if-match",
                    "\(version)",
                    exit: 1
                )
                #expect(late.errors.contains("version-conflict"), "\(late.errors)")
                try await Self.run(sandbox, broker, "delete", "prices", "a/b", "--if-match", "*")
                let missing = try await Self.run(sandbox, broker, "get", "prices", "a/b", exit: 1)
                #expect(missing.errors.contains("item-not-found"), "\(missing.errors)")
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// The broker is away, and then another collection of the same name is there: the versions of the first are gone.
        @Test(.timeLimit(.minutes(3)))
        func aWatchGoesOnAndListsAgainWhereItMust() async throws {
            try await Sandbox.run { sandbox in
                var broker = try await BrokerProcess.start(in: sandbox)
                let port = broker.port
                try await Self.makePrices(sandbox, broker)
                try await Self.run(sandbox, broker, "put", "prices", "AAPL", "1", "--label", "tier=gold")
                try await Self.run(sandbox, broker, "put", "prices", "MSFT", "2")
                let watch = try sandbox.millrace(
                    "watch",
                    "collection",
                    "watch",
                    "prices",
                    "-l",
                    "tier=gold",
                    "--server",
                    broker.server
                )
                func seen(_ count: Int) async throws -> [String] {
                    try await eventually("the watch has told \(count) changes") {
                        if let exit = watch.exit {
                            throw Overdue(description: "it ended: \(exit) \(watch.errorText)")
                        }
                        let lines = watch.outputText.split(separator: "\n").map { line in
                            let words = line.split(separator: " ")
                            return "\(words[0]) \(words[1]) \(words.last ?? "")"
                        }
                        return lines.count >= count ? lines : nil
                    }
                }
                #expect(try await seen(1) == ["ADDED AAPL 1"])
                #expect(try await broker.stop() == .status(0))
                broker = try await BrokerProcess.start(in: sandbox, port: port)
                try await Self.run(sandbox, broker, "put", "prices", "MSFT", "3", "--label", "tier=gold")
                try await Self.run(sandbox, broker, "put", "prices", "AAPL", "4")
                #expect(try await seen(3).suffix(2) == ["ADDED MSFT 3", "DELETED AAPL 1"])
                #expect(!watch.errorText.contains("listing again"))

                #expect(try await broker.stop() == .status(0))
                let elsewhere = try await BrokerProcess.start(in: sandbox)
                try await elsewhere.withClient { try await $0.deleteTopic("prices") }
                try await Self.makePrices(sandbox, elsewhere)
                try await Self.run(sandbox, elsewhere, "put", "prices", "NVDA", "5", "--label", "tier=gold")
                #expect(try await elsewhere.stop() == .status(0))
                broker = try await BrokerProcess.start(in: sandbox, port: port)
                // Whoever reads no more than this learns that MSFT is gone.
                #expect(try await seen(5).suffix(2) == ["LISTING all there", "ADDED NVDA 5"])
                #expect(watch.errorText.contains("listing again"), "\(watch.errorText)")
                let one = try await Self.run(
                    sandbox,
                    broker,
                    "watch",
                    "prices",
                    "--limit",
                    "1",
                    "--output",
                    "json"
                )
                #expect(
                    one.output.hasPrefix(#"{"type":"ADDED","object":{"metadata":{"name":"NVDA""#),
                    "\(one.output)"
                )
                watch.send(SIGKILL)
                try await watch.ended()
                #expect(try await broker.stop() == .status(0))
            }
        }
    }
}
