import Foundation
import Testing

extension EndToEndTests {
    /// A real browser with pages of two origins, one that the broker lets in and one that it does not.
    @Suite struct BrowserOriginTests {
        /// What a page leaves behind.
        private struct Report: Decodable {
            let name: String
            let outcome: [String: String]
            let browser: String
        }

        private struct Page: Decodable {
            struct Record: Decodable { let value: Report }
            let records: [Record]
        }

        @Test(.timeLimit(.minutes(5)))
        func aListedPageMayDoEverythingAndAnotherNothing() async throws {
            try await Sandbox.run { sandbox in
                let friend = try await Self.pages(in: sandbox)
                let stranger = try await Self.pages(in: sandbox)
                let broker = try await BrokerProcess.start(in: sandbox, "--cors-origin", friend)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/reports", json: "{}").status == 201)

                let address = "127.0.0.1:\(broker.port)"
                let frame = "\(stranger)/chromium-origin.html#\(address)|stranger"
                let page = "\(friend)/chromium-origin.html#\(address)|friend|\(frame)"
                let chromium = try Browser.chromium.open(page, in: sandbox)
                let reports = try await eventually("both pages report") {
                    let answer = try await curl.send("/v1/topics/reports/records?limit=2")
                    let records = try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8)).records
                    return records.count == 2 ? records.map(\.value) : nil
                }
                print("client: \(reports[0].browser)")
                #expect(reports.map(\.name) == ["friend", "stranger"])
                #expect(
                    reports[0].outcome == [
                        "put": "201", "event": "200", "problem": "topic-not-found", "source": "placed",
                        "session": "true", "socket": "record",
                    ]
                )
                #expect(
                    reports[1].outcome == [
                        "put": "TypeError", "event": "TypeError", "problem": "TypeError", "source": "Error",
                        "session": "TypeError", "socket": "4403",
                    ]
                )
                // What the browser did not send was not done.
                #expect(try await curl.send("/v1/topics/stranger").status == 404)
                try await chromium.crash()
                #expect(try await broker.stop() == .status(0))
            }
        }

        /// Serves the pages beside the tests on a port of their own, which makes an origin.
        private static func pages(in sandbox: Sandbox) async throws -> String {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Support")
            let arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder.path]
            let server = try sandbox.program("pages", "python3", arguments)
            return try await eventually("the pages are served") {
                server.outputText.firstMatch(of: /port (\d+)/).map { "http://127.0.0.1:\($0.output.1)" }
            }
        }
    }
}
