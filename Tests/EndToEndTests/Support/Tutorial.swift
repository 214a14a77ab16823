import Foundation

/// A document that is worked through from its beginning to its end: commands, each with what it answers.
///
/// The commands are the fenced blocks of `sh`; a block without a language right behind one is its answer.
struct Tutorial {
    /// One block of commands.
    struct Step: Hashable {
        let commands: String
        /// What the document says that they print; nil where it says nothing.
        var answer: String?
    }

    /// Whose cursors the document shows: the first eight digits of the id of its topic.
    let tag: String
    private(set) var steps: [Step] = []

    init(_ text: String, tag: String) {
        self.tag = tag
        var isAnswer = false
        for (index, part) in text.components(separatedBy: "```").enumerated() {
            let isBlock = !index.isMultiple(of: 2)
            let (language, body) = isBlock ? Self.split(part) : ("", part)
            switch (isBlock, language) {
            case (true, "sh"):
                steps.append(Step(commands: body))
                isAnswer = true
            case (true, "") where isAnswer:
                steps[steps.count - 1].answer = body
                isAnswer = false
            case (true, _): isAnswer = false
            case (false, _): isAnswer = isAnswer && body.allSatisfy(\.isWhitespace)
            }
        }
    }

    private static func split(_ block: String) -> (language: String, body: String) {
        let lines = block.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(lines[0]), lines.count > 1 ? String(lines[1]) : "")
    }

    /// A text without what differs from run to run: times and ids; and without its spaces and line breaks, because the
    /// document breaks long lines.
    ///
    /// - Parameter tag: What the cursors in it begin with.
    func comparable(_ text: String, tag: String) -> String {
        text.replacing(tag + ":", with: "TAG:")
            .replacing(/"id":"[0-9a-f]{32}"/, with: "ID")
            .replacing(/\d{4}-\d\d-\d\dT[\d:.]+Z/, with: "TIME")
            .filter { !$0.isWhitespace }
    }
}
