import Foundation

/// The change events that a run publishes: the real stream where it is present, else the sample.
struct ChangeStream: Sendable {
    /// What a change event says.
    struct Event: Decodable, Hashable, Sendable {
        let path: String?
        let key: String?
        let change: String
        let time: String
        let commit: String?
        let revision: Int?

        /// What changed: the record's key.
        var subject: String { path ?? key ?? "" }
    }

    /// What is to be counted in a whole stream.
    struct Totals: Hashable, Sendable {
        var lines = 0
        var added = 0
        var modified = 0
        var deleted = 0
        var live = 0

        init(lines: Int, added: Int, modified: Int, deleted: Int, live: Int) {
            (self.lines, self.added, self.modified) = (lines, added, modified)
            (self.deleted, self.live) = (deleted, live)
        }

        /// Counts events; those of a key must be in their order.
        init(counting events: some Sequence<Event>) {
            var lastChanges: [String: String] = [:]
            for event in events {
                lines += 1
                switch event.change {
                case "ADDED": added += 1
                case "MODIFIED": modified += 1
                default: deleted += 1
                }
                lastChanges[event.subject] = event.change
            }
            live = lastChanges.values.count { $0 != "DELETED" }
        }
    }

    /// One event a line.
    let file: URL
    /// The JSON pointer of the key.
    let keyPointer: String
    let lines: [String]
    let events: [Event]
    /// What is known of the stream: from `../shared/data/README.md` and `data/README.md`.
    let totals: Totals

    static func load(in sandbox: Sandbox) async throws -> ChangeStream {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let packed = root.appendingPathComponent("../shared/data/source-changes.ndjson.gz").standardized
        guard FileManager.default.fileExists(atPath: packed.path) else {
            return try ChangeStream(
                file: root.appendingPathComponent("data/change-events.ndjson"),
                keyPointer: "/key",
                totals: Totals(lines: 5000, added: 1241, modified: 3162, deleted: 597, live: 644)
            )
        }
        return try ChangeStream(
            file: try await sandbox.run("gzip", "gzip", ["-dc", packed.path]),
            keyPointer: "/path",
            totals: Totals(lines: 98_257, added: 10_143, modified: 84_490, deleted: 3624, live: 6519)
        )
    }

    private init(file: URL, keyPointer: String, totals: Totals) throws {
        self.file = file
        self.keyPointer = keyPointer
        self.totals = totals
        lines = try Lines.read(file)
        events = try Lines.decode(Event.self, from: file)
    }
}
