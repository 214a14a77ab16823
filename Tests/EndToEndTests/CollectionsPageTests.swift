import Foundation
import Testing

extension EndToEndTests {
    /// `docs/collections.md` is true: its commands, and its page of an order's status in real browsers.
    @Suite struct CollectionsPageTests {
        private static let documents = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs")

        private static func document(_ path: String) throws -> String {
            try String(contentsOf: documents.appendingPathComponent(path), encoding: .utf8)
        }

        @Test(.timeLimit(.minutes(5)))
        func everyCommandAnswersWhatItsPageSays() async throws {
            let tutorial = try Tutorial(Self.document("collections.md"), tag: "none")
            #expect(tutorial.steps.count >= 8)
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let path = try Sandbox.millrace().deletingLastPathComponent().path
                var versions = Versions()
                for step in tutorial.steps {
                    let commands = versions.ofRun(step.commands)
                        .replacing("localhost:8080", with: "127.0.0.1:\(broker.port)")
                    let script = "set -e; PATH=\(path):$PATH; export MILLRACE_SERVER=\(broker.server)\n" + commands
                    let output = try await sandbox.run("step", "bash", ["-c", script])
                    let said = try String(contentsOf: output, encoding: .utf8)
                    let answer = step.answer ?? ""
                    versions.learn(from: said, shown: answer)
                    #expect(
                        tutorial.comparable(versions.ofPage(said), tag: "none")
                            == tutorial.comparable(answer, tag: "none"),
                        "\(step.commands) answers \(said)"
                    )
                }
                #expect(versions.distance != nil)
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// The versions of a run are those of the page, and a number that is the same for all of them.
        private struct Versions {
            var distance: Int64?

            mutating func learn(from said: String, shown: String) {
                guard distance == nil, let first = Self.first(in: said), let other = Self.first(in: shown) else {
                    return
                }
                distance = first - other
            }

            func ofRun(_ text: String) -> String { moved(text, by: distance ?? 0) }
            func ofPage(_ text: String) -> String { moved(text, by: -(distance ?? 0)) }

            private func moved(_ text: String, by distance: Int64) -> String {
                text.replacing(/\b\d{16}\b/) { match in String((Int64(match.output) ?? 0) + distance) }
            }

            private static func first(in text: String) -> Int64? {
                text.firstMatch(of: /\b\d{16}\b/).flatMap { Int64($0.output) }
            }
        }

        /// What the page shows over time: an order that changes, one of another customer, one that goes; while the broker is
        /// away; and after the collection was made anew, when it has to list again.
        @Test(.timeLimit(.minutes(5)), arguments: [(Browser.firefox, false), (.chromium, true)])
        func thePageShowsTheOrdersOfItsCustomer(browser: Browser, overSocket: Bool) async throws {
            try await Sandbox.run { sandbox in
                var broker = try await BrokerProcess.start(in: sandbox, "--cors-origin", "*")
                let port = broker.port
                let curl = Curl(broker, sandbox)
                try await Self.make(curl)
                try await Self.put("o1", "placed", "c1", curl)
                try await Self.put("o2", "placed", "c2", curl)
                let child = try browser.open("file://\(Self.visited(broker, sandbox, overSocket).path)", in: sandbox)
                try await Self.shown(["o1: placed"], curl, child)
                try await Self.put("o1", "paid", "c1", curl)
                try await Self.put("o2", "paid", "c1", curl)
                try await Self.shown(["o1: paid", "o2: paid"], curl, child)

                #expect(try await broker.stop() == .status(0))
                broker = try await BrokerProcess.start(in: sandbox, port: port, "--cors-origin", "*")
                try await Self.put("o1", "sent", "c1", curl)
                #expect(try await curl.send("/v1/collections/orders/o2", "-X", "DELETE").status == 204)
                try await Self.shown(["o1: sent"], curl, child)

                #expect(try await broker.stop() == .status(0))
                let elsewhere = try await BrokerProcess.start(in: sandbox)
                let other = Curl(elsewhere, sandbox)
                #expect(try await other.send("/v1/topics/orders", "-X", "DELETE").status == 204)
                try await Self.make(other, hasReports: true)
                try await Self.put("o9", "new", "c1", other)
                #expect(try await elsewhere.stop() == .status(0))
                broker = try await BrokerProcess.start(in: sandbox, port: port, "--cors-origin", "*")
                try await Self.shown(["o9: new"], curl, child)
                try await child.crash()
                #expect(try await broker.stop() == .status(0))
            }
        }

        private static func make(_ curl: Curl, hasReports: Bool = false) async throws {
            let made = try await curl.send("PUT", "/v1/topics/orders", json: #"{"cleanup":"compact"}"#)
            #expect(made.status == 201)
            if !hasReports { #expect(try await curl.send("PUT", "/v1/topics/reports", json: "{}").status == 201) }
        }

        private static func put(_ order: String, _ state: String, _ customer: String, _ curl: Curl) async throws {
            let item = #"{"metadata":{"labels":{"customer":"\#(customer)"}},"value":{"state":"\#(state)"}}"#
            let answer = try await curl.send("PUT", "/v1/collections/orders/\(order)", json: item)
            #expect([200, 201].contains(answer.status), "\(answer.body)")
        }

        /// Waits until the page shows exactly this.
        private static func shown(_ lines: [String], _ curl: Curl, _ browser: Child) async throws {
            let wanted = "\"value\":[" + lines.map { "\"\($0)\"" }.joined(separator: ",") + "]"
            var last = ""
            do {
                try await eventually("the page shows \(lines)", within: .seconds(60)) {
                    if let exit = browser.exit { throw Overdue(description: "the browser ended: \(exit)") }
                    last = try await curl.send("/v1/topics/reports/records?from=-1").body
                    return last.contains(wanted)
                }
            } catch {
                throw Overdue(description: "\(error); last: \(last) \(browser.errorText)")
            }
        }

        /// A copy of the page for this broker, and a visitor who tells what is shown.
        private static func visited(_ broker: BrokerProcess, _ sandbox: Sandbox, _ overSocket: Bool) throws -> URL {
            var page = try document("examples/order-status.html")
            let text = try document("collections.md")
            #expect(text.contains("```html\n\(page)```"), "docs/collections.md shows another page")
            if overSocket {
                let other = try #require(text.components(separatedBy: "```js\n").dropFirst().first)
                let function = try #require(other.components(separatedBy: "```").first)
                let start = try #require(page.range(of: "function watch("))
                let end = try #require(page.range(of: "function take("))
                page.replaceSubrange(start.lowerBound..<end.lowerBound, with: function + "\n")
            }
            let visitor = """
                <script>
                let told = Promise.resolve();
                new MutationObserver(() => {
                    const shown = [...document.querySelectorAll("li")].map(({ textContent }) => textContent);
                    const body = JSON.stringify({ records: [{ value: shown }] });
                    const tell = () => fetch(orders.replace(/collections.*/, "topics/reports/records"), {
                        method: "POST", headers: { "Content-Type": "application/json" }, body,
                    }).catch(() => {});
                    told = told.then(tell);
                }).observe(document.querySelector("ul"), { childList: true });
                </script>
                """
            let copy = sandbox.directory.appendingPathComponent("order-status.html")
            try Data((page.replacing("localhost:8080", with: "127.0.0.1:\(broker.port)") + visitor).utf8).write(
                to: copy
            )
            return copy
        }
    }
}
