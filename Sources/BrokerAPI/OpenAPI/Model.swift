/// A schema with a name: one of the document's `components`.
enum Model: String, CaseIterable, Sendable {
    // Topics and the broker.
    case topicSettings, topic, topicSummary, topicList, partition, partitionList, health, readiness
    // Records.
    case newRecord, newRecords, recordHeaders, cloudEvent, produceResults, produceSummary, produceEvent, record, page,
        gap
    case logStart
    // Groups.
    case newGroup, groupChange, group, groupList, groupMember, groupMembers, groupOffsets, groupLag, groupHistory
    case offsetReset, offsetResetResult, memberJoin, membership, memberPage, sessionDocument, standing
    case assignedPartition, ownedPartition, topicPartition, commit, commitResults
    // Collections.
    case collectionList, itemList, item, newItem, itemEvent, itemServerSentEvent
    // Streams, and what goes wrong.
    case event, serverSentEvent, problem

    /// Its name in the document.
    var name: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }

    /// What it is.
    var schema: Schema {
        switch self {
        case .topicSettings, .topic, .topicSummary, .topicList, .partition, .partitionList, .health, .readiness:
            topicSchema
        case .newRecord, .newRecords, .recordHeaders, .cloudEvent, .produceResults, .produceSummary, .record, .page,
            .gap, .logStart:
            recordSchema
        case .newGroup, .groupChange, .group, .groupList, .groupMember, .groupMembers, .groupOffsets, .groupLag,
            .groupHistory, .offsetReset, .offsetResetResult:
            groupSchema
        case .memberJoin, .membership, .memberPage, .sessionDocument, .standing, .assignedPartition, .ownedPartition,
            .topicPartition, .commit, .commitResults:
            memberSchema
        case .collectionList, .itemList, .item, .newItem, .itemEvent, .itemServerSentEvent: collectionSchema
        case .produceEvent: .either(Self.produceEvents.map { Self.line($0, $1) })
        case .event: .either(Self.events.map { Self.line($0, $1) })
        case .serverSentEvent: .either(Self.events.map { Self.serverSent($0, $1) })
        case .problem: Self.problemSchema
        }
    }
}

/// Values that stand in many models.
extension Schema {
    /// A name of a topic, group, namespace or instance that a request may use: not `.`, not `..`, no leading `__`.
    static let name = Schema.text(
        pattern: "^([A-Za-z0-9-][A-Za-z0-9._-]{0,248}|_([A-Za-z0-9.-][A-Za-z0-9._-]{0,247})?"
            + "|\\.([A-Za-z0-9_-][A-Za-z0-9._-]{0,247}|\\.[A-Za-z0-9._-]{1,247}))$"
    )
    /// The number of a partition.
    static let partitionIndex = Schema.integer(0...Int64(Int32.max))
    /// Base64 with padding.
    static let base64 = Schema.text(pattern: "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")
    /// A length of time in a query.
    static let duration = Schema.noted(.text(pattern: "^[0-9]{1,20}(ms|s|m|h)?$"), example: "\"30s\"")
    /// A truth value in a query.
    static let flag = Schema.choice(["true", "false", "1", "0"])
    /// The most records delivered and not committed.
    static let maxInFlight = Schema.bounded { .integer(1...Int64($0.maxInFlightRecordsMax)) }
    /// The most bytes delivered and not committed.
    static let maxInFlightBytes = Schema.bounded { .integer(1...Int64($0.maxInFlightBytesMax.value)) }
    /// Topics in a query.
    static let topicNames = Schema.noted(.text(lengths: 1...Int.max), example: "\"orders,payments\"")
}
