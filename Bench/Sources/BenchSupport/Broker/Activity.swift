/// What a broker's log says that it does: the kinds that kills must fall into.
package enum Activity: String, CaseIterable {
    case roll
    case checkpoint
    case compactionSwitch = "compaction-switch"
    case retention

    /// A line of the log that tells of a beginning or an end.
    package struct Mark: Hashable {
        package let activity: Activity
        /// Everything after the mark, which is the same at the beginning and at the end.
        package let text: String
        package let isOver: Bool

        /// Reads a line such as `2026-... debug millrace: begins: roll of .../0 at 17`; nil for any other.
        package init?(_ line: String) {
            let isOver = line.contains(" ends: ")
            guard let mark = line.firstRange(of: isOver ? " ends: " : " begins: ") else { return nil }
            text = String(line[mark.upperBound...])
            let kind = text.prefix { $0 != " " }
            guard let activity = Activity(rawValue: String(kind)) else { return nil }
            self.activity = activity
            self.isOver = isOver
        }
    }
}

/// What has begun and not ended.
package struct OpenActivities {
    private var texts: [String: Activity] = [:]

    package mutating func note(_ mark: Activity.Mark) {
        texts[mark.text] = mark.isOver ? nil : mark.activity
    }

    package var kinds: Set<Activity> { Set(texts.values) }
    package var lines: [String] { texts.keys.sorted() }
}
