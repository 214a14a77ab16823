/// Topics and the broker itself.
extension Operation {
    static let listTopics = Operation(id: "listTopics", answers: [.json(.topicList, "All topics of the namespace.")])

    static let describeTopic = Operation(
        id: "describeTopic",
        answers: [.json(.topic, "The topic.")],
        problems: [.topicNotFound]
    )

    static let createTopic = Operation(
        id: "createTopic",
        bodies: [.json(.topicSettings)],
        answers: [
            .json(.topic, "It was there with these settings."), .json(.topic, 201, "It was created."),
        ],
        problems: [ProblemCode].unwritten + [.conflict]
    )

    static let changeTopic = Operation(
        id: "changeTopic",
        bodies: [.json(.topicSettings)],
        answers: [.json(.topic, "The topic as it is now.")],
        problems: [ProblemCode].unwritten + [.topicNotFound, .conflict]
    )

    static let deleteTopic = Operation(
        id: "deleteTopic",
        answers: [Answer(status: 204, summary: "It is deleted.")],
        problems: [ProblemCode].unwritten + [.topicNotFound]
    )

    static let describePartitions = Operation(
        id: "describePartitions",
        answers: [.json(.partitionList, "The partitions.")],
        problems: [.topicNotFound]
    )

    static let health = Operation(
        id: "health",
        answers: [.json(.health, "The process works."), .json(.health, 503, "The storage has failed.")]
    )

    static let readiness = Operation(
        id: "readiness",
        answers: [.json(.readiness, "Requests are accepted."), .json(.readiness, 503, "They are not.")]
    )

    static let metrics = Operation(
        id: "metrics",
        answers: [
            Answer(status: 200, summary: "The metrics.", contents: [.text(MetricsText.contentType)])
        ]
    )

    static let openAPI = Operation(
        id: "openAPI",
        answers: [
            Answer(
                status: 200,
                summary: "This document.",
                contents: [Content(mediaType: "application/json", schema: .object([], more: .some))]
            )
        ]
    )
}
