import Foundation
import Testing

extension EndToEndTests {
    /// The tutorial is true: whoever types its commands gets its answers.
    @Suite struct TutorialTests {
        private static let documents = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs")

        @Test(.timeLimit(.minutes(5)))
        func everyCommandAnswersWhatItsPageSays() async throws {
            let page = Self.documents.appendingPathComponent("from-polling-to-streaming.md")
            let tutorial = try Tutorial(String(contentsOf: page, encoding: .utf8), tag: "3a06a81a")
            #expect(tutorial.steps.count >= 10)
            #expect(tutorial.steps.allSatisfy { $0.answer != nil })
            let python = try PythonScript.interpreter(for: page.lastPathComponent).deletingLastPathComponent().path
            try await Sandbox.run { sandbox in
                let broker = try await BrokerProcess.start(in: sandbox, "--segment-mib", "128")
                var tag = tutorial.tag
                for step in tutorial.steps {
                    let commands = step.commands.replacing("localhost:8080", with: "127.0.0.1:\(broker.port)")
                        .replacing(tutorial.tag, with: tag)
                    let script = "set -e; PATH=\(python):$PATH\n" + commands
                    let said = try String(
                        contentsOf: await sandbox.run("step", "bash", ["-c", script]),
                        encoding: .utf8
                    )
                    if let id = said.firstMatch(of: /"id":"([0-9a-f]{8})[0-9a-f]{24}"/) { tag = String(id.output.1) }
                    let answer = step.answer ?? ""
                    #expect(
                        tutorial.comparable(said, tag: tag) == tutorial.comparable(answer, tag: tutorial.tag),
                        "\(step.commands) answers \(said)"
                    )
                }
                #expect(tag != tutorial.tag)
                #expect(try await broker.stop() == .status(0))
            }
        }

        @Test func blocksAreTakenApart() {
            let text =
                "a\n```sh\none\n```\n```\nA\n```\n```\nB\n```\n```sh\ntwo\n```\nb\n```\nC\n```\n```json\n{}\n```\n"
            let steps = Tutorial(text, tag: "").steps
            #expect(steps == [.init(commands: "one\n", answer: "A\n"), .init(commands: "two\n", answer: nil)])
        }

        @Test func whatDiffersFromRunToRunIsNotCompared() {
            let tutorial = Tutorial("", tag: "3a06a81a")
            let shown =
                #"{"id":"3a06a81ad2e7e0da00914eb5f38f7466", "at":"2026-11-21T10:00:00.120Z","next":"3a06a81a:2"}"#
            let said = #"{"id":"00000000d2e7e0da00914eb5f38f7466","at":"2027-01-01T00:00:00.000Z","next":"00000000:2"}"#
            #expect(tutorial.comparable(shown, tag: "3a06a81a") == tutorial.comparable(said, tag: "00000000"))
            let other = said.replacing(":2", with: ":3")
            #expect(tutorial.comparable(shown, tag: "3a06a81a") != tutorial.comparable(other, tag: "00000000"))
        }
    }
}
