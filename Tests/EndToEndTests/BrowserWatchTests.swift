import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// What a page gets of a topic in real browsers: with a plain `EventSource`, with a `WebSocket`, and with `fetch`.
    @Suite struct BrowserWatchTests {
        /// What the page `event-source.html` has seen.
        struct Report: Decodable, Equatable {
            struct Side: Decodable, Equatable {
                var seen: [String]
                var gaps: [String]
                let opened: Int
                let reopened: Int
            }

            let eventSource: Side
            let webSocket: Side
            let browser: String
        }

        private static let reports = "/v1/topics/reports/records"

        /// The broker is restarted, killed, and away while records come and go: the page misses nothing but what a gap
        /// tells, and nothing comes twice.
        @Test(.timeLimit(.minutes(5)), arguments: Browser.allCases)
        func aPageResumesOverRestarts(browser: Browser) async throws {
            try await Sandbox.run { sandbox in
                var broker = try await Self.start(sandbox, port: "0")
                let (home, curl) = (broker.port, Curl(broker, sandbox))
                try await Self.create(["changes": 2, "reports": 1], curl)
                try await Self.publish(4, curl)
                let child = try browser.open(Self.page("Support/event-source.html", home), in: sandbox)
                try await Self.settled(curl, child, seen: [0..<4, 0..<4])

                #expect(try await broker.stop() == .status(0))
                broker = try await Self.start(sandbox, port: home)
                try await Self.publish(3, curl)
                try await Self.settled(curl, child, seen: [0..<7, 0..<7])

                // What is written and deleted here, nobody reads: the page's ids expire.
                try await broker.child.crash()
                let elsewhere = try await Self.start(sandbox, port: "0")
                let other = Curl(elsewhere, sandbox)
                try await Self.publish(4, other)
                let deletion = "/v1/topics/changes/partitions/0/records?before=9"
                #expect(try await other.send(deletion, "-X", "DELETE").status == 200)
                #expect(try await elsewhere.stop() == .status(0))
                broker = try await Self.start(sandbox, port: home)
                try await Self.publish(2, curl)
                let report = try await Self.settled(curl, child, seen: [0..<7, 9..<13, 0..<13], gaps: ["0:7-9"])
                print("client: \(report.browser)")
                let source = report.eventSource
                #expect(source.opened - source.reopened > 1, "it never came back by itself: \(source)")
                if browser == .chromium { #expect(source.reopened == 0) }
                try await child.crash()
                #expect(try await broker.stop() == .status(0))
            }
        }

        private static func start(_ sandbox: Sandbox, port: String) async throws -> BrokerProcess {
            try await BrokerProcess.start(in: sandbox, port: port, "--cors-origin", "*")
        }

        /// A page from a file; what it needs to know stands behind the `#`.
        private static func page(_ path: String, _ port: String) -> String {
            let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(path)
            return "file://\(file.path)#127.0.0.1:\(port)"
        }

        private static func create(_ topics: [String: Int], _ curl: Curl) async throws {
            for (topic, count) in topics {
                let answer = try await curl.send("PUT", "/v1/topics/\(topic)", json: "{\"partitions\":\(count)}")
                #expect(answer.status == 201)
            }
        }

        /// So many records more in each of the two partitions.
        private static func publish(_ count: Int, _ curl: Curl) async throws {
            let records = (0..<2 * count).map { #"{"partition":\#($0 % 2),"value":\#($0)}"# }.joined(separator: ",")
            let body = #"{"records":[\#(records)]}"#
            #expect(try await curl.send("POST", "/v1/topics/changes/records", json: body).status == 200)
        }

        /// Waits until the page has seen exactly this on both of its sides, each place once.
        ///
        /// - Parameter seen: The offsets of the first partition, and last those of the second.
        @discardableResult
        private static func settled(
            _ curl: Curl,
            _ browser: Child,
            seen: [Range<Int>],
            gaps: [String] = []
        ) async throws -> Report {
            let first = seen.dropLast().joined().map { "0:\($0)" }
            let expected = (first + (seen.last ?? 0..<0).map { "1:\($0)" }).sorted()
            var last: Report?
            do {
                return try await eventually("the page has seen \(expected)", within: .seconds(60)) {
                    if let exit = browser.exit { throw Overdue(description: "the browser ended: \(exit)") }
                    last = try? await Self.last(curl) ?? last
                    guard let sides = last.map({ [$0.eventSource, $0.webSocket] }) else { return nil }
                    let isSo = sides.allSatisfy { $0.seen.sorted() == expected && $0.gaps == gaps }
                    return isSo && sides.allSatisfy { $0.isOrdered } ? last : nil
                }
            } catch {
                throw Overdue(
                    description: "\(error); \(last.map { "\($0)" } ?? "it said nothing") \(browser.errorText)"
                )
            }
        }

        private struct Page: Decodable {
            struct Record: Decodable { let value: Report }
            let records: [Record]
        }

        private static func last(_ curl: Curl) async throws -> Report? {
            let body = try await curl.send(reports + "?from=-1").body
            return try JSONDecoder().decode(Page.self, from: Data(body.utf8)).records.last?.value
        }

        /// The page of the documentation, as it stands there: it shows what is there, and publishes what its form says.
        @Test(.timeLimit(.minutes(5)), arguments: Browser.allCases)
        func thePageOfTheDocumentationRuns(browser: Browser) async throws {
            try await Sandbox.run { sandbox in
                let broker = try await Self.start(sandbox, port: "0")
                let curl = Curl(broker, sandbox)
                try await Self.create(["orders": 1, "reports": 1], curl)
                let body = #"{"records":[{"value":{"state":"there before"}}]}"#
                #expect(try await curl.send("POST", "/v1/topics/orders/records", json: body).status == 200)
                let child = try browser.open("file://\(Self.visited(broker, sandbox).path)", in: sandbox)
                let shown = try await eventually("the page shows two orders") {
                    let answer = try await curl.send("/v1/topics/reports/records?wait=5s").body
                    return answer.contains("valueBase64") || answer.contains("placed") ? answer : nil
                }
                #expect(shown.contains(#""1 {\"state\":\"placed\"}","0 {\"state\":\"there before\"}""#), "\(shown)")
                try await child.crash()
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// A copy of the page for this broker, and a visitor who presses its button and tells what is shown then.
        private static func visited(_ broker: BrokerProcess, _ sandbox: Sandbox) throws -> URL {
            let documents = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("docs")
            let page = try String(
                contentsOf: documents.appendingPathComponent("examples/browser.html"),
                encoding: .utf8
            )
            let document = try String(contentsOf: documents.appendingPathComponent("browser.md"), encoding: .utf8)
            #expect(document.contains("```html\n\(page)```"), "docs/browser.md shows another page")
            let visitor = """
                <script>
                new MutationObserver(() => {
                    const shown = [...document.querySelectorAll("li")].map(({ textContent }) => textContent);
                    if (shown.length === 1) document.querySelector("button").click();
                    if (shown.length === 2) fetch(records.replace("orders", "reports"), {
                        method: "POST",
                        headers: { "Content-Type": "application/json" },
                        body: JSON.stringify({ records: [{ value: shown }] }),
                    });
                }).observe(document.querySelector("ul"), { childList: true });
                </script>
                """
            let copy = sandbox.directory.appendingPathComponent("browser.html")
            let text = page.replacing("localhost:8080", with: "127.0.0.1:\(broker.port)") + visitor
            try Data(text.utf8).write(to: copy)
            return copy
        }
    }
}

extension EndToEndTests.BrowserWatchTests.Report.Side {
    /// Whether the offsets of each partition ascend.
    fileprivate var isOrdered: Bool {
        ["0:", "1:"].allSatisfy { partition in
            let offsets = seen.filter { $0.hasPrefix(partition) }.compactMap { Int($0.dropFirst(2)) }
            return offsets == offsets.sorted()
        }
    }
}
