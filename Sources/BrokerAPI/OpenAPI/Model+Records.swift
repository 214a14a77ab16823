import RecordFormat

/// Records, on the way in and on the way out.
extension Model {
    /// The schema of a model of this file.
    var recordSchema: Schema {
        switch self {
        case .newRecord: .object(Self.newRecordFields, more: .nothing)
        case .newRecords:
            .object([.init("records", .list(.model(.newRecord), counts: 1...Int.max))], more: .nothing)
        case .recordHeaders: .object([], more: .like(.either([Self.headerValue, .list(Self.headerValue)])))
        case .cloudEvent: .object(Self.eventFields, more: .like(.either([.string, .bool, .integer(Self.int32)])))
        case .produceResults: .object([.init("results", .list(Self.result))] + Self.outcome)
        case .produceSummary:
            .object([.init("partitions", .list(Self.part)), .init("count", .count)] + Self.outcome)
        case .record: .object(Self.recordFields)
        case .page: .object(Self.pageFields)
        case .gap: .object(Self.gapFields)
        default:
            .object([.init("topic", .string), .init("partition", .partitionIndex), .init("logStartOffset", .count)])
        }
    }

    /// A text, or bytes that are none; null is a header without a value, as Kafka's clients write it.
    private static let headerValue = Schema.either([
        .string, .object([.init("base64", .base64)], more: .nothing), .null,
    ])

    private static let newRecordFields: [Schema.Field] = [
        .optional("key", .nullable(.string)), .optional("keyBase64", .nullable(.base64)), .optional("value", .anything),
        .optional("valueBase64", .nullable(.base64)), .optional("headers", .nullable(.model(.recordHeaders))),
        .optional("partition", .nullable(.partitionIndex)),
        .optional("timestamp", .either([.time, .integer(0...253_402_300_799_999), .null])),
    ]

    /// The whole numbers that CloudEvents has.
    private static let int32 = Int64(Int32.min)...Int64(Int32.max)

    private static let eventFields: [Schema.Field] = [
        .init("specversion", .choice(["1.0"])), .init("id", .text(lengths: 1...Int.max)),
        .init("source", .text(lengths: 1...Int.max)), .init("type", .text(lengths: 1...Int.max)),
        .optional("subject", .text(lengths: 1...Int.max)), .optional("time", .time),
        .optional("datacontenttype", .text(lengths: 1...Int.max)), .optional("partitionkey", .string),
        .optional("dataschema", .string),
        .optional("data", .anything), .optional("data_base64", .base64),
    ]

    private static let result = Schema.object([
        .init("partition", .partitionIndex), .init("offset", .count), .optional("timestamp", .time),
    ])
    /// What was stored of one partition.
    static let part = Schema.object([
        .init("partition", .partitionIndex), .init("baseOffset", .count), .init("endOffset", .count),
        .init("count", .count),
    ])
    private static let outcome: [Schema.Field] = [
        .optional("duplicate", .bool), .init("durability", .choice(["flushed"])),
    ]

    /// The fields of a record as it is read.
    static let recordFields: [Schema.Field] = [
        .init("topic", .string), .init("partition", .partitionIndex), .init("offset", .count),
        .init("timestamp", .time),
        .optional("key", .nullable(.string)), .optional("keyBase64", .base64),
        .optional("headers", .model(.recordHeaders)), .optional("value", .anything), .optional("valueBase64", .base64),
    ]

    /// The fields of a gap.
    static let gapFields: [Schema.Field] = [
        .init("topic", .string), .init("partition", .partitionIndex), .init("from", .count), .init("to", .count),
        .init("reason", .choice(["retention", "damage"])),
    ]

    private static let pageFields: [Schema.Field] = [
        .init("records", .list(.model(.record))), .init("next", .string), .init("caughtUp", .bool),
        .optional("lag", .count), .optional("gaps", .list(.model(.gap))), .optional("nextOffset", .count),
        .optional("end", .bool),
    ]
}
