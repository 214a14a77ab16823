import BrokerCore
import JSONBytes
import RecordFormat

extension API {
    /// Lists a group's committed offsets.
    func groupOffsets(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writePartitions(report.partitions, .offsets, now: engine.clock.now, to: &json)
        }
    }

    /// Sets committed offsets by hand, or tells what that would do.
    func resetOffsets(_ name: GroupName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let request = try GroupResetRequest(document: context, of: name)
        let results = try await engine.resetOffsets(request)
        return .json { json in
            json.key("group")
            json.string(name.name)
            json.key("dryRun")
            json.bool(request.isDryRun)
            json.key("partitions")
            json.beginArray()
            for result in results {
                json.beginObject()
                GroupText.writeName(result.partition, to: &json)
                GroupText.write("committed", result.committed?.value, to: &json)
                GroupText.write("to", result.to?.value, to: &json)
                GroupText.write("owner", result.owner, to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }
}

extension GroupResetRequest {
    private static let names: [StaticString] = ["to", "topics", "partitions", "dryRun"]

    /// Reads where to, and what: `{"to":"-100","topics":["orders"],"dryRun":true}`.
    init(document context: RequestContext, of group: GroupName) throws(Problem) {
        self = try JSONDocument.read(context.request.body) { (bytes, value) throws(Problem) in
            let fields = try JSONFields(bytes, value, known: Self.names)
            guard let position = try Self.position(fields) else { throw fields.missing(0) }
            let topics = try fields.strings(1)
            let partitions = try CommitDocument.Content.partitions(
                bytes,
                fields.elements(2),
                "partitions",
                in: group.namespace
            )
            // A list that names nothing is a mistake, and must not mean everything.
            if topics?.isEmpty == true || (fields.isGiven(2) && partitions.isEmpty) {
                throw Problem.invalidRequest("topics and partitions name at least one each, or are left out for all")
            }
            return GroupResetRequest(
                group: group,
                topics: try TopicList.named(topics ?? [], in: group.namespace),
                partitions: partitions,
                to: position,
                isDryRun: try fields.bool(3) ?? false
            )
        }
    }

    /// `earliest`, `latest`, a time, `-n`, or an offset, which may also be a number.
    private static func position(_ fields: JSONFields) throws(Problem) -> StartPosition? {
        if let number = try? fields.integer(0) { return try offset(number, shown: "\(number)") }
        guard let text = try fields.string(0) else { return nil }
        switch text {
        case "earliest": return .earliest
        case "latest": return .latest
        default:
            if let time = try TimeText.time(text, of: "to") { return .time(time) }
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text)
            else {
                throw wrong(text)
            }
            return try offset(number, shown: text)
        }
    }

    private static func offset(_ number: Int64, shown text: String) throws(Problem) -> StartPosition {
        if number >= 0, !text.hasPrefix("-") { return .offset(Offset(number)) }
        guard number > .min else { throw wrong(text) }
        return .beforeEnd(-number)
    }

    private static func wrong(_ text: String) -> Problem {
        .invalidRequest("to is earliest, latest, a time, -<n> or an offset, not \"\(Problem.shown(text))\"")
    }
}
