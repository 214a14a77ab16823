import Foundation
import Testing

extension EndToEndTests {
    /// `millrace log` on the files that a real broker left.
    @Suite struct LogToolTests {
        private struct Summary: Decodable {
            let sound: Bool
            let records: Int
            let recordsLost: Int64
        }

        private struct Finding: Decodable {
            let path: String
            let firstByte: UInt64?
            let endByte: UInt64?
            let lostFromOffset: Int64?
        }

        @Test(.timeLimit(.minutes(5)))
        func damageIsToldAndCutOutAndTheRestIsServed() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                for value in 0..<3 {
                    let body = "{\"records\":[{\"value\":\(value)}]}"
                    #expect(try await curl.send("POST", "/v1/topics/orders/records", json: body).status == 200)
                }
                let busy = try await Self.log(sandbox, broker.data, "verify")
                #expect(busy.exit == .status(75))
                #expect(busy.errorText.contains("in use by another broker"))
                #expect(try await broker.stop() == .status(0))
                try await Self.repair(sandbox, broker.data)
                let again = try await BrokerProcess.start(in: sandbox)
                let page = try await Curl(again, sandbox).send("/v1/topics/orders/records?from=earliest")
                #expect(page.status == 200)
                #expect(page.body.contains("\"offset\":0") && page.body.contains("\"offset\":2"))
                #expect(!page.body.contains("\"offset\":1"))
                #expect(try await again.stop() == .status(0))
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func aRepairAsksBeforeItReplaysAJournalThatLiesElsewhere() async throws {
            try await Sandbox.run { sandbox in
                let journal = sandbox.directory.appendingPathComponent("journals").path
                let broker = try await BrokerProcess.start(in: sandbox, "--journal-dir", journal)
                let curl = Curl(broker, sandbox)
                #expect(try await curl.send("PUT", "/v1/topics/orders", json: "{}").status == 201)
                let body = "{\"records\":[{\"value\":1}]}"
                #expect(try await curl.send("POST", "/v1/topics/orders/records", json: body).status == 200)
                try await broker.child.crash()
                let slots = try Self.slots(in: broker.data)
                #expect(try await Self.log(sandbox, broker.data, "verify").exit == .status(1))
                let verified = try await Self.log(sandbox, broker.data, "verify", "--journal-dir", journal)
                #expect(verified.exit == .status(0))
                // Nobody says yes: nothing is changed.
                let asked = try await Self.log(sandbox, broker.data, "repair", "--journal-dir", journal)
                #expect(asked.exit == .status(1))
                #expect(try Self.slots(in: broker.data) == slots)
                let done = try await Self.log(sandbox, broker.data, "repair", "--yes", "--journal-dir", journal)
                #expect(done.exit == .status(0))
                #expect(try Self.slots(in: broker.data) != slots)
            }
        }

        private static func slots(in data: URL) throws -> [Data] {
            try ["checkpoint.a", "checkpoint.b"].map { try Data(contentsOf: data.appendingPathComponent($0)) }
        }

        /// Damages the second batch, and mends it.
        private static func repair(_ sandbox: Sandbox, _ data: URL) async throws {
            let sound = try await log(sandbox, data, "verify")
            #expect(sound.exit == .status(0))
            #expect(try lines(of: sound, as: Summary.self).last?.records == 3)
            let segment = try #require(try Self.segment(in: data))
            let size = try segment.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
            try flipByte(size / 2, of: segment)
            let damaged = try await log(sandbox, data, "verify")
            #expect(damaged.exit == .status(1))
            let finding = try #require(try lines(of: damaged, as: Finding.self).first)
            #expect(finding.path == segment.path)
            #expect(((finding.firstByte ?? .max)..<(finding.endByte ?? 0)).contains(UInt64(size / 2)))
            #expect(finding.lostFromOffset == 1)
            #expect(try lines(of: damaged, as: Summary.self).last?.recordsLost == 1)
            // Nobody says yes: nothing is changed.
            #expect(try await log(sandbox, data, "repair").exit == .status(1))
            #expect(try await log(sandbox, data, "verify").exit == .status(1))
            #expect(try await log(sandbox, data, "repair", "--yes").exit == .status(0))
            #expect(try await log(sandbox, data, "verify").exit == .status(0))
            let cut = segment.deletingLastPathComponent().appendingPathComponent("cut")
            #expect(try FileManager.default.contentsOfDirectory(atPath: cut.path) == [segment.lastPathComponent])
        }

        private static func log(_ sandbox: Sandbox, _ data: URL, _ verb: String, _ more: String...) async throws
            -> Child
        {
            let arguments = ["log", verb, "--data-dir", data.path, "--output", "json"] + more
            let child = try sandbox.millrace("log-\(verb)", arguments: arguments)
            try await child.ended()
            return child
        }

        private static func lines<Row: Decodable>(of child: Child, as type: Row.Type) throws -> [Row] {
            child.outputText.split(separator: "\n").compactMap { line in
                try? JSONDecoder().decode(Row.self, from: Data(line.utf8))
            }
        }

        /// The one segment of the topic that is not the groups'.
        private static func segment(in data: URL) throws -> URL? {
            let topics = data.appendingPathComponent("topics")
            let files = FileManager.default.enumerator(at: topics, includingPropertiesForKeys: [.fileSizeKey])
            var found: URL?
            while let file = files?.nextObject() as? URL {
                let size = try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0
                if file.pathExtension == "log", size > 0 { found = file }
            }
            return found
        }

        private static func flipByte(_ place: Int, of file: URL) throws {
            var bytes = try Data(contentsOf: file)
            bytes[place] ^= 0x10
            try bytes.write(to: file)
        }
    }
}
