import BrokerCore
import JSONBytes
import RecordFormat

extension TopicSettingsChange {
    /// Every setting that a topic has, in the order in which answers tell them, then the names kept for later.
    private static let names: [StaticString] = [
        "partitions", "cleanup", "retentionBytes", "retentionSeconds", "compression", "onCorruption",
        "segmentBytesMax", "durability", "schema", "key", "ttl",
    ]
    private static let settingCount = 7

    /// Reads the settings that a request asks for; an empty body asks for nothing.
    ///
    /// A field that is not there is left as it is; `null` is the default. Ranges are the engine's to check.
    init(document context: RequestContext) throws(Problem) {
        self.init()
        guard context.request.body.readableBytes > 0 else { return }
        self = try JSONDocument.read(context.request.body) { (bytes, value) throws(Problem) in
            try TopicSettingsChange(JSONFields(bytes, value, known: Self.names, listed: Self.settingCount))
        }
    }

    private init(_ fields: JSONFields) throws(Problem) {
        self.init()
        for reserved in Self.settingCount..<Self.names.count where fields.isGiven(reserved) {
            throw .invalidRequest(
                "the setting \(Self.names[reserved]) is reserved for a later version; leave it out",
                members: [Problem.Member("field", .string("\(Self.names[reserved])"))]
            )
        }
        partitions = try fields.integer(0).map { Int32(clamping: $0) }
        cleanup = try Self.choice(fields, 1)
        retentionBytes = try Self.asked(fields, 2, fields.integer(2).map { ByteCount(Int($0)) })
        retentionSeconds = try Self.asked(fields, 3, fields.integer(3))
        compression = try Self.choice(fields, 4)
        onCorruption = try Self.choice(fields, 5)
        segmentBytesMax = try Self.asked(fields, 6, fields.integer(6).map { ByteCount(Int($0)) })
    }

    private static func asked<Value>(_ fields: JSONFields, _ index: Int, _ value: Value?) -> Asked<Value> {
        guard fields.isGiven(index) else { return .asItIs }
        return value.map { .value($0) } ?? .byDefault
    }

    private static func choice<Value>(_ fields: JSONFields, _ index: Int) throws(Problem) -> Asked<Value>
    where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
        guard let text = try fields.string(index) else { return asked(fields, index, nil) }
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue)
            throw .invalidRequest(
                "\(names[index]) is \(known.joined(separator: " or ")), not \"\(Problem.shown(text))\"",
                members: [
                    Problem.Member("field", .string("\(names[index])")), Problem.Member("known", .strings(known)),
                ]
            )
        }
        return .value(value)
    }
}
