import Foundation
import MillraceClient
import Testing

extension EndToEndTests {
    /// Real browsers, Debian's Chromium and Firefox.
    @Suite struct BrowserTests {
        /// What the page leaves behind.
        private struct Report: Decodable {
            struct Outcome: Decodable, Equatable {
                let `protocol`: String?
                let values: [String]?
                let result: String?
                let closed: String
            }

            let outcome: Outcome
            let said: [String]
            let browser: String
        }

        @Test(.timeLimit(.minutes(5)))
        func aBrowserJoinsReadsAndCommitsOverOneWebSocket() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox, "--cors-origin", "*")
                let curl = Curl(broker, sandbox)
                for topic in ["jobs", "reports"] {
                    #expect(try await curl.send("PUT", "/v1/topics/\(topic)", json: "{}").status == 201)
                }
                let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                    .appendingPathComponent("Support/chromium-member.html")
                let chromium = try Browser.chromium.open("file://\(page.path)#127.0.0.1:\(broker.port)", in: sandbox)
                let reports = "/v1/topics/reports/records?wait=50s&limit=1"
                let answer = try await curl.send(reports)
                let report = try Page.first(in: answer.body)
                print("client: \(report.browser)")
                let expected = Report.Outcome(
                    protocol: "millrace.v1",
                    values: ["one", "three", "two"],
                    result: "commit 7 committed",
                    closed: "1000 true"
                )
                #expect(report.outcome == expected, "\(report.said) \(chromium.errorText)")
                let lag = try await curl.send("/v1/groups/browsers/lag").body
                #expect(lag.contains(#""lag":0"#), "\(lag)")
                try await chromium.crash()
                #expect(try await broker.stop() == .status(0))
            }
        }

        private struct Page: Decodable {
            struct Record: Decodable { let value: Report }
            let records: [Record]

            static func first(in body: String) throws -> Report {
                let page = try JSONDecoder().decode(Page.self, from: Data(body.utf8))
                guard let first = page.records.first else { throw Overdue(description: "the page reported nothing") }
                return first.value
            }
        }
    }
}
