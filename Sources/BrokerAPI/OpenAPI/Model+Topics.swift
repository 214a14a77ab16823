import BrokerCore
import RecordFormat

/// Topics and the broker itself.
extension Model {
    /// The schema of a model of this file.
    var topicSchema: Schema {
        switch self {
        case .topicSettings: .object(Self.settings(isAnswer: false), more: .nothing)
        case .topicSummary: .object(Self.summary)
        case .topic: .object(Self.summary + [.init("offsets", .list(.model(.partition)))])
        case .topicList: .object([.init("topics", .list(.model(.topicSummary)))])
        case .partition: .object(Self.partitionFields)
        case .partitionList:
            .object([.init("topic", .string), .init("partitions", .list(.model(.partition)))])
        case .health: .object(Self.healthFields)
        default:
            .object([
                .init("status", .choice(["starting", "ready", "draining", "failed"])),
                .init("storage", .choice(["open", "full"])),
            ])
        }
    }

    private static let summary =
        [
            Schema.Field("topic", .string), .init("namespace", .string), .init("id", .text(pattern: "^[0-9a-f]{32}$")),
        ] + settings(isAnswer: true)

    /// The settings, as they are chosen or as they are in force.
    private static func settings(isAnswer: Bool) -> [Schema.Field] {
        func field(_ name: String, _ schema: Schema, isNullable: Bool = false) -> Schema.Field {
            guard isAnswer else { return .optional(name, .nullable(schema)) }
            return .init(name, isNullable ? .nullable(schema) : schema)
        }
        func choices<Value: CaseIterable & RawRepresentable>(_ type: Value.Type) -> Schema
        where Value.RawValue == String { .choice(type.allCases.map(\.rawValue)) }
        return [
            field("partitions", .bounded { .integer(1...Int64($0.partitionsPerTopicMax)) }),
            field("cleanup", choices(TopicSettings.Cleanup.self)),
            field("retentionBytes", .integer(1...Int64.max), isNullable: true),
            field("retentionSeconds", .bounded { .integer(1...$0.retentionSecondsMax) }, isNullable: true),
            field("compression", choices(TopicSettings.Compression.self)),
            field("onCorruption", choices(TopicSettings.OnCorruption.self)),
            // The broker's own default may lie beyond what a topic may ask for.
            field(
                "segmentBytesMax",
                isAnswer
                    ? .count
                    : .bounded { .integer(Int64($0.segmentBytesMin.value)...Int64($0.segmentBytesMax.value)) }
            ),
        ]
    }

    private static let partitionFields: [Schema.Field] = [
        .init("partition", .partitionIndex), .init("logStartOffset", .count), .init("visibleOffset", .count),
        .init("sizeBytes", .count), .optional("leaderEpoch", .count), .optional("quarantine", .string),
        .optional("quarantinedSince", .time),
    ]

    private static let healthFields: [Schema.Field] = [
        .init("status", .choice(["ok", "failed"])), .init("quarantinedPartitions", .count),
        .optional(
            "scrub",
            .object([
                .init("lapsDone", .count), .init("partitions", .count), .init("partitionsDone", .count),
                .init("bytes", .count), .init("damagedSegments", .count), .init("rebuiltIndexes", .count),
            ])
        ),
    ]
}
