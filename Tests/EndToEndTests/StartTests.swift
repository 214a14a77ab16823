import Foundation
import Testing

extension EndToEndTests {
    /// Starts: the one line of a good one, and why another does not come to pass.
    @Suite struct StartTests {
        @Test(.timeLimit(.minutes(5)))
        func standardOutputIsOneLine() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                #expect(try await Curl(broker, sandbox).send("/readyz").status == 200)
                #expect(try await broker.stop() == .status(0))
                let output = broker.child.outputText
                #expect(output.wholeMatch(of: /listening on http:\/\/127\.0\.0\.1:[1-9][0-9]*\n/) != nil, "\(output)")
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func secondBrokerOnTheSameDirectory() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let second = try Self.serve(sandbox, broker.data)
                #expect(try await second.ended() == .status(75))
                #expect(second.errorText.contains("process \(broker.child.pid)"), "\(second.errorText)")
                #expect(second.errorText.contains(broker.data.path))
                #expect(second.outputText.isEmpty)
                #expect(try await Curl(broker, sandbox).send("/healthz").status == 200)

                // The lock goes with its process, however that ended.
                try await broker.child.crash()
                let third = try await BrokerProcess.start(in: sandbox)
                #expect(try await third.stop() == .status(0))
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func directoryThatCannotBeWritten() async throws {
            try await Sandbox.run { sandbox in
                let refused = try Self.serve(sandbox, try Self.unwritable(in: sandbox))
                #expect(try await refused.ended() == .status(73))
                #expect(refused.errorText.contains("/data"), "\(refused.errorText)")
                #expect(refused.errorText.split(separator: "\n").count == 1, "\(refused.errorText)")
                #expect(refused.outputText.isEmpty)
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func directoryOfSomethingElse() async throws {
            try await Sandbox.run { sandbox in
                let data = sandbox.directory.appendingPathComponent("data")
                try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
                try Data("mine".utf8).write(to: data.appendingPathComponent("thesis.txt"))
                let refused = try Self.serve(sandbox, data)
                #expect(try await refused.ended() == .status(73))
                #expect(refused.errorText.contains("thesis.txt"), "\(refused.errorText)")
                #expect(try FileManager.default.contentsOfDirectory(atPath: data.path) == ["thesis.txt"])
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func directoryOfAnotherFormat() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                #expect(try await broker.stop() == .status(0))
                let file = broker.data.appendingPathComponent("millrace.meta")
                var meta = try Data(contentsOf: file)
                // The format version: four bytes behind the magic, the last of them the lowest. A newer one, and an older.
                let version = meta[11]
                for other in [version + 1, version - 1] {
                    meta[11] = other
                    try meta.write(to: file)
                    let refused = try Self.serve(sandbox, broker.data)
                    #expect(try await refused.ended() == .status(65))
                    #expect(refused.errorText.contains("millrace.meta has format \(other)"), "\(refused.errorText)")
                    #expect(try Data(contentsOf: file) == meta)
                }
            }
        }

        @Test(.timeLimit(.minutes(5)))
        func portInUse() async throws {
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox)
                let other = sandbox.directory.appendingPathComponent("other")
                let refused = try Self.serve(sandbox, other, port: broker.port)
                #expect(try await refused.ended() == .status(69))
                #expect(
                    refused.errorText.contains("port \(broker.port) of 127.0.0.1 is in use"),
                    "\(refused.errorText)"
                )
                #expect(refused.outputText.isEmpty)
            }
        }

        private static func serve(_ sandbox: Sandbox, _ data: URL, port: String = "0") throws -> Child {
            try sandbox.millrace(
                "refused",
                "serve",
                "--port",
                port,
                "--data-dir",
                data.path,
                "--journal-mib",
                "16"
            )
        }

        /// Root may write everywhere, but not below a file.
        private static func unwritable(in sandbox: Sandbox) throws -> URL {
            let parent = sandbox.directory.appendingPathComponent("parent")
            if geteuid() == 0 {
                try Data("a file".utf8).write(to: parent)
            } else {
                try FileManager.default.createDirectory(
                    at: parent,
                    withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o555]
                )
            }
            return parent.appendingPathComponent("data")
        }
    }
}
