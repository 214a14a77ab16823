import HTTPTypes

/// Consumer groups.
extension Operation {
    static let listGroups = Operation(id: "listGroups", answers: [.json(.groupList, "All groups of the namespace.")])

    static let describeGroup = looking("describeGroup", .group, "The group.")
    static let groupMembers = looking("groupMembers", .groupMembers, "Its members.")
    static let groupOffsets = looking("groupOffsets", .groupOffsets, "Its committed offsets.")
    static let groupHistory = looking("groupHistory", .groupHistory, "Its last rebalances, newest first.")
    static let groupLag = looking("groupLag", .groupLag, "Its lag.")

    static let createGroup = Operation(
        id: "createGroup",
        bodies: [.json(.newGroup)],
        answers: [.json(.group, "It was there as is asked for."), .json(.group, 201, "It was made.")],
        problems: [ProblemCode].groupUnwritten + [.topicNotFound, .conflict, .corrupt]
    )

    static let changeGroup = Operation(
        id: "changeGroup",
        bodies: [.json(.groupChange)],
        answers: [.json(.group, "The group as it is now.")],
        problems: [ProblemCode].groupUnwritten + [
            .groupNotFound, .topicNotFound, .conflict, .tooManyKeptTopics, .corrupt,
        ]
    )

    static let deleteGroup = Operation(
        id: "deleteGroup",
        answers: [Answer(status: 204, summary: "It is deleted.")],
        problems: [ProblemCode].groupUnwritten + [.groupNotFound, .groupHasMembers]
    )

    static let resetOffsets = Operation(
        id: "resetOffsets",
        bodies: [.json(.offsetReset)],
        needsBody: true,
        answers: [.json(.offsetResetResult, "What was set, or would be.")],
        problems: [ProblemCode].groupUnwritten + [.groupNotFound, .topicNotFound, .notShared, .tooManyResets, .corrupt]
    )

    static let joinMember = Operation(
        id: "joinMember",
        bodies: [.json(.memberJoin)],
        fields: [session],
        answers: [.json(.membership, 201, "The member has joined, or is back.")],
        problems: [ProblemCode].joining
    )

    static let memberRecords = Operation(
        id: "memberRecords",
        fields: [session],
        answers: [.json(.memberPage, "Events and records since the last page.")],
        problems: [ProblemCode].session + [ProblemCode].groupUnwritten + [
            .pollSuperseded, .memberConnected, .corrupt, .topicNotFound,
        ]
    )

    static let heartbeat = Operation(
        id: "heartbeat",
        bodies: [.json(.sessionDocument)],
        fields: [session],
        answers: [.json(.standing, "The member is there.")],
        problems: [ProblemCode].session + [ProblemCode].groupUnwritten + [.memberConnected]
    )

    static let leaveGroup = Operation(
        id: "leaveGroup",
        fields: [session],
        answers: [Answer(status: 204, summary: "The member has left.")],
        problems: [ProblemCode].session + [ProblemCode].groupUnwritten
    )

    static let groupStream = Operation(
        id: "groupStream",
        fields: [session, Route.Parameter("Last-Event-ID", "What an event source was told last.")],
        answers: [
            Answer(
                status: 200,
                summary: "The stream. Its schema is that of one line or event.",
                contents: [.lines, .serverSentEvents],
                fields: [.groupMember, .groupEpoch, .groupSession]
            ),
            .nothingMore,
        ],
        problems: [ProblemCode].joining + [.framingNotSupported, .tooManyStreams]
    )

    static let commit = Operation(
        id: "commit",
        bodies: [.json(.commit)],
        needsBody: true,
        fields: [session],
        answers: [
            .json(.commitResults, "Everything is in force."), .json(.commitResults, 207, "Some of it is not."),
        ],
        problems: [ProblemCode].session + [ProblemCode].groupUnwritten + [
            .fenced, .aheadOfDelivery, .offsetBeyondTail, .notShared, .metadataTooLarge,
        ]
    )

    private static let session = Route.Parameter(
        "Group-Session",
        "The member's session, where it is not given as `session`."
    )

    private static func looking(_ id: String, _ model: Model, _ summary: String) -> Operation {
        Operation(id: id, answers: [.json(model, summary)], problems: [.groupNotFound])
    }
}
