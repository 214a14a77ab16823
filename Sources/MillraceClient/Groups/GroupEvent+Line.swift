extension GroupEvent {
    /// Reads an event as a line of a stream, or an explicit member's answer, words it.
    init(_ line: EventLine) throws(MillraceError) {
        switch try line.type() {
        case "record": self = .record(try line.record())
        case "bookmark": self = .bookmark(try line.decode(Bookmark.self))
        case "gap": self = .gap(try line.decode(Gap.self))
        case "assigned":
            let assigned = try line.decode(WireAssigned.self)
            self = .assigned(groupEpoch: assigned.groupEpoch, partitions: assigned.partitions)
        case "revoking":
            let revoking = try line.decode(WireRevoking.self)
            self = .revoking(partitions: revoking.partitions, deadline: .milliseconds(revoking.deadlineMs ?? 0))
        case "revoked":
            self = .revoked(partitions: try line.decode(WireRevoking.self).partitions)
        case "paused":
            let paused = try line.decode(WirePaused.self)
            self = .paused(reason: paused.reason ?? "", uncommitted: paused.uncommitted ?? 0)
        case "resumed": self = .resumed
        case "lease-warning":
            let warning = try line.decode(WireRevoking.self)
            self = .leaseWarning(partitions: warning.partitions, remaining: .milliseconds(warning.remainingMs ?? 0))
        case "goodbye": self = .goodbye(try line.decode(Goodbye.self))
        case "error": self = .problem(try line.problem())
        case let type: self = .other(type)
        }
    }
}

private struct WireAssigned: Decodable {
    let groupEpoch: Int64
    let partitions: [GroupPartition]
}

private struct WireRevoking: Decodable {
    let partitions: [GroupPartition]
    let deadlineMs: Int64?
    let remainingMs: Int64?
}

private struct WirePaused: Decodable {
    let reason: String?
    let uncommitted: Int64?
}
