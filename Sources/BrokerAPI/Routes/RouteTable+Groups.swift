import RecordFormat

extension RouteTable {
    /// The routes of consumer groups.
    static let groups: [Route] = [
        Route(.get, "/v1/groups", .group, .describe, as: .listGroups, "List the consumer groups.") {
            path throws(Problem) in
            .listGroups(path.namespace)
        },
        Route(
            .get,
            "/v1/groups/{group}",
            .group,
            .describe,
            as: .describeGroup,
            "Describe a group: members, owners, offsets, lag."
        ) {
            path throws(Problem) in .describeGroup(try path.group())
        },
        Route(
            .put,
            "/v1/groups/{group}",
            .group,
            .configure,
            body: .document,
            as: .createGroup,
            "Make a group: 201; 200 when it is there as is asked for, 409 when not."
        ) { path throws(Problem) in .createGroup(try path.group()) },
        Route(
            .patch,
            "/v1/groups/{group}",
            .group,
            .configure,
            body: .document,
            as: .changeGroup,
            "Change a group for all its members; what is not named stays as it is."
        ) { path throws(Problem) in .changeGroup(try path.group()) },
        Route(
            .delete,
            "/v1/groups/{group}",
            .group,
            .delete,
            parameters: [Route.Parameter("force", "`true`: delete it although it has members.", .flag)],
            as: .deleteGroup,
            "Delete a group with its commits."
        ) { path throws(Problem) in .deleteGroup(try path.group()) },
        Route(.get, "/v1/groups/{group}/members", .group, .describe, as: .groupMembers, "List a group's members.") {
            path throws(Problem) in .groupMembers(try path.group())
        },
        Route(
            .get,
            "/v1/groups/{group}/offsets",
            .group,
            .describe,
            as: .groupOffsets,
            "List a group's committed offsets."
        ) {
            path throws(Problem) in .groupOffsets(try path.group())
        },
        Route(
            .patch,
            "/v1/groups/{group}/offsets",
            .group,
            .configure,
            body: .document,
            as: .resetOffsets,
            "Set committed offsets by hand, or tell what that would do."
        ) { path throws(Problem) in .resetOffsets(try path.group()) },
        Route(
            .get,
            "/v1/groups/{group}/rebalances",
            .group,
            .describe,
            as: .groupHistory,
            "List a group's last rebalances and why."
        ) {
            path throws(Problem) in .groupHistory(try path.group())
        },
        Route(.get, "/v1/groups/{group}/lag", .group, .describe, as: .groupLag, "List a group's lag by partition.") {
            path throws(Problem) in .groupLag(try path.group())
        },
        Route(
            .post,
            "/v1/groups/{group}/members",
            .group,
            .consume,
            body: .document,
            as: .joinMember,
            "Join a group, or come back, as a member that is there by its requests."
        ) { path throws(Problem) in .joinMember(try path.group()) },
        Route(
            .get,
            "/v1/groups/{group}/members/{member}/records",
            .group,
            .consume,
            parameters: [
                Route.Parameter("session", "The member's session."),
                Route.Parameter("wait", "Long-poll: how long to wait for something to tell.", .duration),
                Route.Parameter("limit", "The most records.", .integer(1...Int64.max)),
                Route.Parameter("maxBytes", "The most bytes of records, as they are stored.", .integer(1...Int64.max)),
                Route.Parameter("after", "The last page that arrived; what came later is told again."),
            ],
            as: .memberRecords,
            "Give an explicit member its records and events."
        ) { path throws(Problem) in .memberRecords(try path.group(), path.member()) },
        Route(
            .post,
            "/v1/groups/{group}/members/{member}/heartbeat",
            .group,
            .consume,
            body: .document,
            as: .heartbeat,
            "Note that an explicit member is there."
        ) { path throws(Problem) in .heartbeat(try path.group(), path.member()) },
        Route(
            .delete,
            "/v1/groups/{group}/members/{member}",
            .group,
            .consume,
            parameters: [Route.Parameter("session", "The member's session.")],
            as: .leaveGroup,
            "Leave a group: the member's partitions move at once."
        ) { path throws(Problem) in .leaveGroup(try path.group(), path.member()) },
        Route(
            .get,
            "/v1/groups/{group}/stream",
            .group,
            .consume,
            parameters: [
                Route.Parameter("topics", "The topics that the group shares, joined with commas.", .topicNames),
                Route.Parameter("instance", "The name of a static member.", .name),
                Route.Parameter("session", "Resume the member that this token names."),
                Route.Parameter(
                    "maxInFlight",
                    "The most records delivered and not committed.",
                    .maxInFlight
                ),
                Route.Parameter(
                    "maxInFlightBytes",
                    "The most bytes delivered and not committed.",
                    .maxInFlightBytes
                ),
                Route.Parameter(
                    "commitTimeout",
                    "How long records may stay uncommitted, when the group is created.",
                    .duration
                ),
                Route.Parameter(
                    "from",
                    "Where partitions without a commit begin: `earliest`, `latest` or a time.",
                    .noted(.string, byDefault: "\"earliest\"")
                ),
                Route.Parameter("timeout", "End the stream after this time.", .duration),
                Route.Parameter("framing", "`ndjson` or `sse`; overrides Accept.", .choice(["ndjson", "sse"])),
                Route.Parameter(
                    "event",
                    "With SSE: `message` names records so, for a plain `onmessage`.",
                    .choice(["record", "message"])
                ),
            ],
            isStreaming: true,
            as: .groupStream,
            "Join a group and stream: the connection is the member."
        ) { path throws(Problem) in .groupStream(try path.group()) },
        Route(
            .post,
            "/v1/groups/{group}/commits",
            .group,
            .consume,
            body: .document,
            as: .commit,
            "Commit offsets, renew leases, give partitions back; fenced by epoch."
        ) { path throws(Problem) in .commit(try path.group()) },
    ]
}
