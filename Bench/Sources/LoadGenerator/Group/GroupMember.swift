import BenchSupport

/// A member: reads its stream, and commits over another connection without waiting for the answer before it reads on.
struct GroupMember {
    private let load: GroupLoad
    private let stream: RecordStream
    private let commits: HTTPConnection
    private var lines: RecordLines
    private var session = ""
    /// The epoch of each partition that is its own.
    private var epochs: [Int: Int64] = [:]
    /// The next offsets that were committed, or are being so.
    private var asked: [Int: Int64] = [:]
    private var committedCount = 0
    /// The commit whose answer has not been read.
    private var pending: [(partition: Int, offset: Int64)] = []

    /// So long nothing comes before what is left is committed.
    private static let idleMilliseconds: Int32 = 2
    /// So long nothing may come at all.
    private static let silenceNanosecondsMax: Int64 = 20_000_000_000
    /// More than any commit leaves open, so that nothing pauses.
    private static let inFlightMax = 50_000

    /// Joins.
    init(_ load: GroupLoad) throws {
        self.load = load
        lines = RecordLines(topic: load.topic, partitions: load.partitions)
        commits = try HTTPConnection(port: load.port)
        let parameters = "topics=\(load.topic)&framing=ndjson&maxInFlight=\(Self.inFlightMax)"
        stream = try RecordStream(port: load.port, target: "/v1/groups/\(load.group)/stream?\(parameters)")
    }

    /// Works until the group has committed everything.
    mutating func run(_ board: GroupLoad.Board) throws {
        var last = MonotonicClock.nanoseconds
        while !board.isOver {
            var events: [[UInt8]] = []
            let before = lines.count
            let hasCome = try stream.read(waitMilliseconds: Self.idleMilliseconds, &lines) { events.append($0) }
            for event in events { try take(event) }
            if before == 0, lines.count > 0 { board.begin() }
            if hasCome { last = MonotonicClock.nanoseconds }
            guard MonotonicClock.nanoseconds - last < Self.silenceNanosecondsMax else {
                throw HTTPConnection.Broken(description: "nothing came, and the group has not committed everything")
            }
            if lines.count - committedCount >= load.commitRecords || !hasCome { try commit(board) }
        }
    }

    /// Takes an event that is no record; records come behind the `assigned` that they belong to, so those in the same piece.
    private mutating func take(_ event: [UInt8]) throws {
        let text = JSONText(event[...])
        switch text.string("type") {
        case "joined": session = text.string("session") ?? ""
        case "assigned":
            for entry in text.objects("partitions") {
                guard let partition = entry.integer("partition"), let epoch = entry.integer("epoch") else { continue }
                epochs[Int(partition)] = epoch
            }
        case "paused", "resumed", "bookmark": return
        default: throw Client.Unexpected(description: "a member was told \(text.string("type") ?? ""): \(event.count)")
        }
    }

    private mutating func commit(_ board: GroupLoad.Board) throws {
        try readAnswer(board)
        let offsets = epochs.keys.sorted().compactMap { partition -> (partition: Int, offset: Int64)? in
            let next = lines.next[partition]
            return next > asked[partition, default: 0] ? (partition, next) : nil
        }
        guard !offsets.isEmpty else { return }
        let entries = offsets.map { partition, offset in
            let place = "\"topic\":\"\(load.topic)\",\"partition\":\(partition)"
            return "{\(place),\"offset\":\(offset),\"epoch\":\(epochs[partition] ?? 0)}"
        }
        let body = "{\"session\":\"\(session)\",\"offsets\":[\(entries.joined(separator: ","))]}"
        let target = "/v1/groups/\(load.group)/commits"
        try commits.send(HTTPRequest("POST", target, body: Array(body.utf8)).bytes)
        for (partition, offset) in offsets { asked[partition] = offset }
        pending = offsets
        committedCount = lines.count
    }

    private mutating func readAnswer(_ board: GroupLoad.Board) throws {
        guard !pending.isEmpty else { return }
        let answer = try commits.answer()
        guard answer.status == 200 else {
            throw Client.Unexpected(description: "a commit was answered \(answer.status): \(answer.text)")
        }
        board.note(pending)
        pending = []
    }
}
