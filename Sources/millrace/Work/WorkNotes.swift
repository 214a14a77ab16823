import MillraceClient

/// What a worker says on standard error about its membership.
enum WorkNotes {
    /// The callbacks that say it.
    static var callbacks: GroupCallbacks {
        var callbacks = GroupCallbacks()
        callbacks.event = { event in
            if let text = text(event) { StandardError.note(text) }
        }
        callbacks.refused = { results in
            for result in results {
                StandardError.note("the commit on \(result.topic)/\(result.partition) was refused: \(result.result)")
            }
        }
        callbacks.commitFailed = { error in StandardError.note("not committed yet: \(error)") }
        return callbacks
    }

    private static func text(_ event: GroupEvent) -> String? {
        switch event {
        case .joined(let membership): "joined \(membership.group) as \(membership.member)"
        case .assigned(_, let partitions): "assigned \(names(partitions))"
        case .revoking(let partitions, let deadline):
            "revoking \(names(partitions)): to be committed within \(deadline.rounded)"
        case .revoked(let partitions): "revoked \(names(partitions))"
        case .gap(let gap):
            "offsets \(gap.from) to \(gap.to - 1) of \(gap.topic)/\(gap.partition) were removed before they came"
        case .problem(let problem): "\(problem)"
        case .disconnected(let error, let delay): "\(error); again in \(delay.rounded)"
        case .goodbye(let goodbye) where goodbye.reconnect:
            "the broker ends the stream (\(goodbye.reason)); reconnecting"
        case .record, .paused, .resumed, .leaseWarning, .bookmark, .goodbye, .other: nil
        }
    }

    private static func names(_ partitions: [GroupPartition]) -> String {
        partitions.isEmpty
            ? "nothing: standing by" : partitions.map { "\($0.topic)/\($0.partition)" }.joined(separator: " ")
    }
}
