import BrokerCore
import RecordFormat

/// The answers to what the engine refuses of groups.
extension Problem {
    /// Errors of groups.
    static func mapGroups(_ error: BrokerError) -> Problem {
        switch error {
        case .groupNotFound(let group):
            Problem(
                .groupNotFound,
                "the group \(group) does not exist; its first member makes it, "
                    + "GET /v1/groups/\(group.name)/stream?topics=<topic>, or PUT /v1/groups/\(group.name)"
            )
        case .groupTopicsDiffer(let group, let topics):
            Problem(
                .groupTopicsDiffer,
                "the group \(group) shares \(topics.map(\.name).joined(separator: ",")); join with the same list",
                members: [Member("topics", .strings(topics.map(\.name)))]
            )
        case .sessionExpired(let group):
            Problem(.sessionExpired, "the group \(group) does not know this session any more; join again without it")
        case .groupFull(let group, let max):
            Problem(.groupFull, "the group \(group) has \(max) members, as many as it may")
        case .groupDiffers(let group, let details):
            Problem(
                .conflict,
                "the group \(group) is there and differs: \(details); change it with PATCH",
                members: [Member("differs", .string(details))]
            )
        case .groupHasMembers(let group, let count):
            Problem(
                .groupHasMembers,
                "the group \(group) has members: \(count); stop them, or delete it with force=true",
                members: [Member("members", .integer(Int64(count)))]
            )
        case .tooManyKeptTopics(let group, let max):
            Problem(
                .tooManyKeptTopics,
                "the group \(group) keeps the commits of \(max) dropped topics, as many as it may; "
                    + "end them with \"forgetDroppedTopics\":true",
                members: [Member("max", .integer(Int64(max)))]
            )
        case .partitionNotShared(let group, let partition):
            Problem(
                .notShared,
                "the group \(group) does not share \(partition); nothing was reset",
                members: [
                    Member("topic", .string(partition.topic.name)),
                    Member("partition", .integer(Int64(partition.partition.value))),
                ]
            )
        case .pollSuperseded(let group):
            Problem(
                .pollSuperseded,
                "another request asks for the records of this member of \(group) now; nothing was given to this one"
            )
        case .memberConnected(let group):
            Problem(
                .memberConnected,
                "this member of \(group) is there by a stream; come back with POST /v1/groups/\(group.name)/members first"
            )
        case .tooManyResets(let group, let max):
            Problem(
                .tooManyResets,
                "\(max) resets of the group \(group) wait for their offsets, as many as may; try again in a moment",
                headers: [.retryAfter: "1"]
            )
        default: Problem(.internalError, "the broker failed: \(error)", hasNoSideEffects: false)
        }
    }
}
