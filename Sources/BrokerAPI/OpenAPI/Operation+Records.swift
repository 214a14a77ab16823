/// Producing, reading and deleting records.
extension Operation {
    static let produce = Operation(
        id: "produce",
        bodies: [
            .json(.newRecords), .text("application/x-ndjson", example: "{\"key\":\"u1\",\"value\":1}\n"),
            .text("application/ndjson"), .text("application/jsonl"), .text("application/x-jsonlines"),
            Content(mediaType: "application/cloudevents+json", schema: .model(.cloudEvent)),
            Content(
                mediaType: "application/cloudevents-batch+json",
                schema: .list(.model(.cloudEvent), counts: 1...Int.max)
            ),
            .text("application/octet-stream"), .text("text/plain"),
        ],
        fields: [
            Route.Parameter("Record-Key", "The key of a record whose body is its value."),
            Route.Parameter(
                "Producer-Id",
                "Who sends a request that is to be stored once; the three fields go together.",
                .text(pattern: "^[!-+\\--~]{1,249}$")
            ),
            Route.Parameter("Producer-Epoch", "A life of the producer.", .integer(0...32_767)),
            Route.Parameter("Producer-Seq", "The number of the request.", .integer(0...2_147_483_647)),
            Route.Parameter(
                "traceparent",
                "The trace that the request belongs to (W3C); a malformed one is passed over."
            ),
            Route.Parameter("Content-Encoding", "How the body is compressed.", .choice(["gzip", "identity"])),
        ],
        answers: [
            Answer(
                status: 200,
                summary: "All records are on stable storage; of a stream, those that it has receipts for.",
                contents: [
                    Content(
                        mediaType: "application/json",
                        schema: .either([.model(.produceResults), .model(.produceSummary)])
                    ),
                    // With `stream=true`, a line.
                    Content(mediaType: "application/x-ndjson", schema: .model(.produceEvent)),
                ],
                fields: [.producerEpoch, .producerSeq]
            )
        ],
        problems: [ProblemCode].unwritten + [
            .topicNotFound, .partitionNotFound, .headerReserved, .keyMissing, .keyElsewhere, .recordTooLarge,
            .headersTooLarge, .tooManyRecords, .unsupportedMediaType, .preconditionFailed, .producerFenced,
            .framingNotSupported, .tooManyStreams, .lineTooLarge, .streamIdle,
            .producerSequenceGap, .duplicateUnknown, .idempotencyKeyReused, .tooManyProducers,
        ]
    )

    static let readTopic = reading("readTopic")
    static let readTopics = reading("readTopics")
    static let readPartition = reading("readPartition")

    static let deleteRecords = Operation(
        id: "deleteRecords",
        answers: [.json(.logStart, "Where the partition begins now.")],
        problems: [ProblemCode].unwritten + [.topicNotFound, .partitionNotFound, .offsetBeyondTail, .conflict]
    )

    private static func reading(_ id: String) -> Operation {
        Operation(
            id: id,
            fields: [
                Route.Parameter("Last-Event-ID", "Where an event source was last; it wins over `from` and `offset`.")
            ],
            answers: [
                Answer(
                    status: 200,
                    summary: "A page, or a watch. The schema of a stream is that of one line or event.",
                    contents: [.json(.page), .lines, .serverSentEvents]
                ),
                .nothingMore,
            ],
            problems: [ProblemCode].reading
        )
    }
}
