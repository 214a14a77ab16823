import BenchSupport

/// A member of a group that commits what it has read; every partition's records must come in order.
struct SoakMember {
    private let stream: HTTPConnection
    private let commits: HTTPConnection
    private var session = ""
    private var epochs: [Int64: Int64] = [:]
    /// The offset that comes next, by partition.
    private var next: [Int64: Int64] = [:]
    /// What has come and is not committed.
    private var pending: [Int64: Int64] = [:]
    /// The beginning of a line whose end has not come.
    private var rest: [UInt8] = []

    /// Joins the group `readers` of the topic `events`.
    init(port: UInt16) throws {
        stream = try HTTPConnection(port: port)
        commits = try HTTPConnection(port: port)
        let target = "/v1/groups/readers/stream?topics=events&framing=ndjson&maxInFlight=5000"
        try stream.send(HTTPRequest("GET", target).bytes)
        let head = try stream.head()
        guard head.status == 200 else { throw Client.Unexpected(description: "a join was answered \(head.status)") }
    }

    /// Reads what comes next, and commits it; how many records came.
    mutating func work() throws -> Int {
        guard let chunk = try stream.chunk() else { throw Client.Unexpected(description: "the stream ended") }
        rest += chunk
        var count = 0
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            let line = Array(rest[..<end])
            rest.removeSubrange(...end)
            if !line.isEmpty { count += try take(JSONText(line[...])) }
        }
        try commit()
        return count
    }

    private mutating func take(_ line: JSONText) throws -> Int {
        switch line.string("type") {
        case "record":
            guard let partition = line.integer("partition"), let offset = line.integer("offset") else { break }
            guard offset == next[partition] else {
                let wanted = next[partition].map { "\($0)" } ?? "nothing"
                throw Client.Unexpected(description: "partition \(partition): \(offset) came where \(wanted) is next")
            }
            next[partition] = offset + 1
            pending[partition] = offset + 1
            return 1
        case "joined": session = line.string("session") ?? ""
        case "assigned": assign(line.objects("partitions"))
        case "revoked":
            for entry in line.objects("partitions") {
                guard let partition = entry.integer("partition") else { continue }
                epochs[partition] = nil
                next[partition] = nil
                pending[partition] = nil
            }
        case "gap":
            // Retention went on before this member came by.
            if let partition = line.integer("partition"), let place = line.integer("to") { next[partition] = place }
        case "revoking", "paused", "resumed", "lease-warning": break
        default: throw Client.Unexpected(description: String(decoding: line.bytes, as: UTF8.self))
        }
        return 0
    }

    /// All that are the member's now are listed, with the offset that comes next.
    private mutating func assign(_ entries: [JSONText]) {
        for entry in entries {
            guard let partition = entry.integer("partition"), let epoch = entry.integer("epoch"),
                epochs[partition] != epoch
            else { continue }
            epochs[partition] = epoch
            next[partition] = entry.integer("start")
        }
    }

    private mutating func commit() throws {
        guard !pending.isEmpty else { return }
        let entries = pending.sorted { $0.key < $1.key }.map { partition, offset in
            "{\"topic\":\"events\",\"partition\":\(partition),\"offset\":\(offset),\"epoch\":\(epochs[partition] ?? 0)}"
        }
        pending = [:]
        let body = "{\"session\":\"\(session)\",\"offsets\":[\(entries.joined(separator: ","))]}"
        let answer = try commits.exchange(
            HTTPRequest("POST", "/v1/groups/readers/commits", body: Array(body.utf8))
        )
        // 409 and 207 are for what has moved on to another member meanwhile.
        guard [200, 207, 409].contains(answer.status) else {
            throw Client.Unexpected(description: "a commit was answered \(answer.status): \(answer.text)")
        }
    }
}
