import Foundation
import Testing

extension EndToEndTests {
    /// Bad input over a real socket: a clear error with the right status, and nothing stored.
    @Suite struct RefusalTests {
        private static let records = "/v1/topics/orders/records"

        @Test(.timeLimit(.minutes(5)))
        func badInputIsRefusedAndNothingIsStored() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: #"{"partitions":2}"#).status == 201)
                try await Self.unknownTopic(curl)
                try await Self.malformedJSON(curl)
                try await Self.malformedLine(curl)
                try await Self.invalidUTF8(curl)
                try await Self.slashInAName(curl)
                try await Self.namesThatAreNotAllowed(curl)
                try await Self.tooLarge(curl)
                try await Self.offsetOutOfRange(curl)
                #expect(try await broker.withClient { try await $0.recordCount("orders") } == 0)
                #expect(try await curl.send("/v1/topics").body.components(separatedBy: #""topic":"#).count == 2)
                #expect(try await broker.stop() == .status(0))
            }
        }

        private static func unknownTopic(_ curl: Curl) async throws {
            let answer = try await curl.send("POST", "/v1/topics/oders/records", json: #"{"records":[{"value":1}]}"#)
            let problem = try answer.problem()
            #expect(answer.status == 404 && problem.status == 404)
            #expect(problem.code == "topic-not-found")
            #expect(problem.detail.contains("PUT /v1/topics/oders"), "\(problem.detail)")
        }

        private static func malformedJSON(_ curl: Curl) async throws {
            let answer = try await curl.send("POST", records, json: "{\"records\":[\n{\"value\":1},\n{\"value\":tru}]}")
            let problem = try answer.problem()
            #expect(answer.status == 400)
            #expect(problem.line == 3)
            // The brace after `tru`, where `true` should go on, or the `t` that begins it.
            #expect(problem.byteOffset.map { (35...38).contains($0) } == true, "\(problem)")
            #expect(problem.noSideEffects)
        }

        private static func malformedLine(_ curl: Curl) async throws {
            let answer = try await curl.send(
                records + "?as=values&key=/id",
                "-H",
                "Content-Type: application/x-ndjson",
                "--data-binary",
                "{\"id\":\"a\"}\n{\"id\":\"b\"}\n{\"id\":\"c\n"
            )
            let problem = try answer.problem()
            #expect(answer.status == 400)
            #expect(problem.line == 3)
            #expect(problem.byteOffset != nil && problem.detail.contains("line 3"), "\(problem.detail)")
        }

        private static func invalidUTF8(_ curl: Curl) async throws {
            let file = curl.sandbox.directory.appendingPathComponent("latin-1.ndjson")
            try (Data("{\"id\":\"a\"}\n{\"id\":\"caf".utf8) + Data([0xE9]) + Data("\"}\n".utf8)).write(to: file)
            let answer = try await curl.send(
                records + "?as=values",
                "-H",
                "Content-Type: application/x-ndjson",
                "--data-binary",
                "@" + file.path
            )
            let problem = try answer.problem()
            #expect(answer.status == 400)
            #expect(problem.line == 2 && problem.byteOffset == 21, "\(problem)")
        }

        private static func slashInAName(_ curl: Curl) async throws {
            let answer = try await curl.send("PUT", "/v1/topics/a%2Fb", json: "{}")
            #expect(answer.status == 400)
            #expect(try answer.problem().detail.contains("A-Z a-z 0-9 . _ -"), "\(answer.body)")
        }

        private static func namesThatAreNotAllowed(_ curl: Curl) async throws {
            for name in ["%2E", "%2e%2e", "__mine", "caf%C3%A9", String(repeating: "n", count: 250)] {
                let path = "/v1/topics/\(name)"
                let answer = try await curl.send(path, "--path-as-is", "-X", "PUT", "-d", "{}")
                #expect((400..<500).contains(answer.status), "\(name): \(answer.body)")
            }
        }

        /// A record beyond its limit, and a body beyond its own, which is not even read to its end.
        private static func tooLarge(_ curl: Curl) async throws {
            for (bytes, code) in [(2 << 20, "record-too-large"), (17 << 20, "body-too-large")] {
                let file = curl.sandbox.directory.appendingPathComponent("large.json")
                try Data(("\"" + String(repeating: "x", count: bytes) + "\"").utf8).write(to: file)
                let answer = try await curl.send(
                    records,
                    "-H",
                    "Content-Type: text/plain",
                    "--data-binary",
                    "@" + file.path
                )
                #expect(answer.status == 413)
                #expect(try answer.problem().code == code)
            }
        }

        private static func offsetOutOfRange(_ curl: Curl) async throws {
            let beyond = try await curl.send("/v1/topics/orders/partitions/1/records?offset=7")
            #expect((400..<500).contains(beyond.status), "\(beyond.body)")
            let unknown = try await curl.send("/v1/topics/orders/partitions/2/records?offset=0")
            #expect(unknown.status == 404)
            #expect(try unknown.problem().code == "partition-not-found")
        }
    }
}
