extension RouteTable {
    /// The routes of this broker.
    static let millrace = RouteTable(topics + records + groups + collections + operation + kubernetes)

    private static let topics: [Route] = [
        Route(.get, "/v1/topics", .topic, .describe, as: .listTopics, "List the topics.") { path throws(Problem) in
            .listTopics(path.namespace)
        },
        Route(.get, "/v1/topics/{topic}", .topic, .describe, as: .describeTopic, "Describe a topic and its partitions.")
        {
            path throws(Problem) in .describeTopic(try path.topic())
        },
        Route(
            .put,
            "/v1/topics/{topic}",
            .topic,
            .configure,
            body: .document,
            as: .createTopic,
            "Create a topic: 201; 200 when it is there with these settings, 409 when with others."
        ) { path throws(Problem) in .createTopic(try path.topic()) },
        Route(
            .patch,
            "/v1/topics/{topic}",
            .topic,
            .configure,
            body: .document,
            as: .changeTopic,
            "Change a topic's settings, and add partitions; what is not named stays as it is."
        ) { path throws(Problem) in .changeTopic(try path.topic()) },
        Route(
            .delete,
            "/v1/topics/{topic}",
            .topic,
            .delete,
            as: .deleteTopic,
            "Delete a topic with its records and commits."
        ) {
            path throws(Problem) in .deleteTopic(try path.topic())
        },
        Route(
            .get,
            "/v1/topics/{topic}/partitions",
            .topic,
            .describe,
            as: .describePartitions,
            "List a topic's partitions and offsets."
        ) {
            path throws(Problem) in .describePartitions(try path.topic())
        },
    ]

    private static let records: [Route] = [
        Route(
            .post,
            "/v1/topics/{topic}/records",
            .topic,
            .produce,
            body: .records,
            parameters: [
                Route.Parameter("as", "`values`: each NDJSON line is a bare value.", .choice(["records", "values"])),
                Route.Parameter(
                    "key",
                    "With `as=values`: the JSON pointer of each value's key.",
                    .text(pattern: "^(/([^~/]|~[01])*)*$")
                ),
                Route.Parameter(
                    "partition",
                    "The partition of every record that does not name its own.",
                    .partitionIndex
                ),
                Route.Parameter(
                    "expectedOffset",
                    "Append only if the partition of `partition=` ends exactly here.",
                    .count
                ),
                Route.Parameter(
                    "stream",
                    "`true`: the body is NDJSON of any length, and each group of lines that is flushed has its receipt.",
                    .flag
                ),
                Route.Parameter("timeout", "With `stream=true`: end the stream after this time.", .duration),
            ],
            as: .produce,
            "Append records: all of them, flushed, or none."
        ) { path throws(Problem) in .produce(try path.topic()) },
        Route(
            .get,
            "/v1/topics/{topic}/records",
            .topic,
            .read,
            parameters: reading,
            isStreaming: true,
            as: .readTopic,
            "Read or watch a topic."
        ) { path throws(Problem) in .readTopic(try path.topic()) },
        Route(
            .get,
            "/v1/topics/{topic}/partitions/{partition}/records",
            .topic,
            .read,
            parameters: [Route.Parameter("offset", "The first offset to read.", .count)] + reading,
            isStreaming: true,
            as: .readPartition,
            "Read or watch one partition."
        ) { path throws(Problem) in .readPartition(try path.topic(), try path.partition()) },
        Route(
            .delete,
            "/v1/topics/{topic}/partitions/{partition}/records",
            .topic,
            .delete,
            parameters: [Route.Parameter("before", "The first offset that stays.", .count, isRequired: true)],
            as: .deleteRecords,
            "Delete the records of a partition below an offset."
        ) { path throws(Problem) in .deleteRecords(try path.topic(), try path.partition()) },
        Route(
            .get,
            "/v1/records",
            .topic,
            .read,
            parameters: [Route.Parameter("topics", "The topics, joined with commas.", .topicNames, isRequired: true)]
                + reading,
            isStreaming: true,
            as: .readTopics,
            "Read or watch several topics."
        ) { path throws(Problem) in .readTopics(path.namespace) },
    ]

    private static let reading: [Route.Parameter] = [
        Route.Parameter(
            "from",
            "A cursor, `earliest`, `latest`, `-<n>`: n records before the end, or a time.",
            .noted(.string, byDefault: "\"earliest\"")
        ),
        Route.Parameter(
            "to",
            "Where to end (exclusive): a cursor, `latest`, `-<n>`, a time, or one partition's offset.",
            .noted(.string, example: "\"latest\"")
        ),
        Route.Parameter(
            "filter",
            "Only records of which this holds, such as `value.state in (paid,placed),!headers.test`.",
            .noted(.string, example: "\"value.state in (paid,placed),!headers.test\"")
        ),
        Route.Parameter(
            "fields",
            "Only these parts of each value: JSON pointers, joined with commas.",
            .noted(.string, example: "\"/state,/customer/name\"")
        ),
        Route.Parameter("limit", "The most records, in all.", .integer(1...Int64.max)),
        Route.Parameter(
            "maxBytes",
            "The most bytes of answer, in all, but always one record.",
            .integer(1...Int64.max)
        ),
        Route.Parameter("wait", "Long-poll: how long to wait for the first record of a page.", .duration),
        Route.Parameter("watch", "`true`: keep streaming.", .flag),
        Route.Parameter("timeout", "End the stream, or stop waiting, after this time.", .duration),
        Route.Parameter("framing", "`json`, `ndjson` or `sse`; overrides Accept.", .choice(["json", "ndjson", "sse"])),
        Route.Parameter(
            "event",
            "With SSE: `message` names records so, for a plain `onmessage`.",
            .choice(["record", "message"])
        ),
        Route.Parameter("strict", "`1`: an expired cursor is 410 rather than a gap.", .flag),
    ]

    private static let operation: [Route] = [
        Route(.get, "/healthz", .broker, .describe, as: .health, "Whether the process works.") { _ throws(Problem) in
            .health
        },
        Route(.get, "/readyz", .broker, .describe, as: .readiness, "Whether requests are accepted.") {
            _ throws(Problem) in
            .readiness
        },
        Route(.get, "/openapi.json", .broker, .describe, as: .openAPI, "All this as an OpenAPI document.") {
            _ throws(Problem) in .openAPI
        },
        Route(.get, "/metrics", .broker, .describe, as: .metrics, "What the broker counts, in Prometheus' text format.")
        {
            _ throws(Problem) in .metrics
        },
    ]
}
