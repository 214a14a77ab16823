import Foundation
import Testing

extension EndToEndTests {
    /// What operators ask for: the version, metrics, and which web pages may come.
    @Suite struct OperationTests {
        @Test(.timeLimit(.minutes(5)))
        func theVersionIsPrinted() async throws {
            try await Sandbox.run { sandbox in
                let child = try sandbox.millrace("version", "--version")
                #expect(try await child.ended() == .status(0))
                #expect(child.outputText.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil, "\(child.outputText)")
            }
        }

        /// A page of metrics parses, and it has what the documentation lists: neither more nor less.
        @Test(.timeLimit(.minutes(5)))
        func metricsAreThoseThatAreDocumented() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: #"{"partitions":3}"#).status == 201)
                #expect(try await curl.send("PUT", "/v1/groups/billing", json: #"{"topics":["orders"]}"#).status == 201)
                let records = #"{"records":[{"value":1},{"value":2}]}"#
                #expect(try await curl.send("POST", "/v1/topics/orders/records", json: records).status == 200)
                let watch = try curl.open("/v1/topics/orders/records?watch=true")
                try await eventually("the watch is open") { watch.outputText.contains("bookmark") }

                let answer = try await curl.send("/metrics")
                #expect(answer.status == 200)
                let page = try MetricsPage(answer.body)
                #expect(Set(page.kinds.keys) == (try MetricsPage.documented()))
                #expect(page.values["millrace_streams{kind=\"watch\"}"] == 1)
                #expect(page.values["millrace_group_lag{namespace=\"default\",group=\"billing\"}"] == 2)
                #expect(page.values["millrace_partitions"] == 3)
                #expect(page.values["millrace_connections"].map { $0 >= 2 } == true)
                #expect(page.values["millrace_records_appended_total"].map { $0 >= 2 } == true)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aHeartbeatComesAsOftenAsIsAskedFor() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox, "--heartbeat-seconds", "1")
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let watch = try curl.open("/v1/topics/orders/records", "-H", "Accept: text/event-stream")
                try await eventually("two heartbeats", within: .seconds(10)) {
                    watch.outputText.components(separatedBy: "\n:\n\n").count > 2
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func onlyPagesOfListedOriginsMayCome() async throws {
            try await Sandbox.run { sandbox in
                let origins = ["--cors-origin", "https://app.example", "--cors-origin", "http://localhost:3000"]
                let broker = try await BrokerProcess.start(in: sandbox, origins[0], origins[1], origins[2], origins[3])
                let curl = Curl(broker, sandbox)
                func head(_ origin: String) async throws -> String {
                    try await sandbox.run(
                        "curl",
                        "curl",
                        ["-sS", "-I", "-H", "Origin: \(origin)", curl.server + "/readyz"]
                    )
                    .text().lowercased()
                }
                let listed = try await head("http://localhost:3000")
                #expect(listed.contains("\naccess-control-allow-origin: http://localhost:3000\r\n"), "\(listed)")
                #expect(listed.contains("\nvary: origin\r\n"))
                #expect(try await !head("https://evil.example").contains("access-control"))
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aTextThatIsNoOriginStopsTheStart() async throws {
            try await Sandbox.run { sandbox in
                let data = sandbox.directory.appendingPathComponent("data").path
                let arguments = ["serve", "--port", "0", "--data-dir", data, "--cors-origin", "app.example"]
                let child = try sandbox.millrace("broker", arguments: arguments)
                #expect(try await child.ended() == .status(64))
                #expect(child.errorText.contains("cors-origin: an origin is a scheme"), "\(child.errorText)")
            }
        }
    }
}

extension URL {
    /// A file as text.
    fileprivate func text() throws -> String { try String(contentsOf: self, encoding: .utf8) }
}

/// A page in Prometheus' text format, read strictly.
private struct MetricsPage {
    /// The kind of each metric by name.
    var kinds: [String: String] = [:]
    /// The numbers by name and labels.
    var values: [String: Double] = [:]

    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 3).map(String.init)
            if words[0] == "#" {
                #expect(words.count == 4 && ["HELP", "TYPE"].contains(words[1]) || words[1] == "TYPE", "\(line)")
                if words[1] == "TYPE" { #expect(kinds.updateValue(words[3...].joined(), forKey: words[2]) == nil) }
                continue
            }
            let found = try #require(line.wholeMatch(of: /([a-z_]+)(\{[^}]*\})? (\S+)/), "\(line)")
            let series = String(found.output.1) + String(found.output.2 ?? "")
            let value = try #require(Double(found.output.3), "\(line)")
            #expect(values.updateValue(value, forKey: series) == nil, "\(series) comes twice")
            let name = String(found.output.1)
            let base = name.replacing(/_(bucket|sum|count)$/, with: "")
            #expect(kinds[name] != nil || kinds[base] == "histogram", "\(name) has no type before it")
        }
    }

    /// The names in the table of docs/http-api.md.
    static func documented() throws -> Set<String> {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("docs/http-api.md"), encoding: .utf8)
        return Set(text.matches(of: /(?m)^\| `(millrace_[a-z_]+)`/).map { String($0.output.1) })
    }
}
