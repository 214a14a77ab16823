import BrokerCore
import JSONBytes
import RecordFormat

extension GroupSettingsChange {
    /// Every setting of a group, then what only a change may ask for.
    private static let names: [StaticString] = [
        "topics", "from", "commitTimeoutMs", "sessionTimeoutMs", "membersMax", "timeToLiveMs", "forgetDroppedTopics",
    ]
    private static let settingCount = 6

    /// Reads what a request asks of a group; an empty body asks for nothing.
    ///
    /// A field that is not there, or null, is left as it is; `timeToLiveMs` null is a life without end. Ranges are the
    /// engine's to check.
    init(document context: RequestContext, in namespace: Namespace, isPatch: Bool) throws(Problem) {
        self.init()
        guard context.request.body.readableBytes > 0 else { return }
        self = try JSONDocument.read(context.request.body) { (bytes, value) throws(Problem) in
            let names = isPatch ? Self.names : Array(Self.names.prefix(Self.settingCount))
            return try GroupSettingsChange(JSONFields(bytes, value, known: names), in: namespace, isPatch: isPatch)
        }
    }

    private init(_ fields: JSONFields, in namespace: Namespace, isPatch: Bool) throws(Problem) {
        self.init()
        topics = try fields.strings(0).map { (names) throws(Problem) in try TopicList.named(names, in: namespace) }
        start = try fields.string(1).map { (text) throws(Problem) in try GroupStart.parse(text) }
        commitTimeoutMilliseconds = try fields.integer(2)
        sessionTimeoutMilliseconds = try fields.integer(3)
        membersMax = try fields.integer(4).map { Int($0) }
        if fields.isGiven(5) {
            timeToLive = try fields.integer(5).map { .milliseconds($0) } ?? .unlimited
        }
        if isPatch { forgetsDroppedTopics = try fields.bool(6) ?? false }
    }
}

/// Where a group begins, as text.
enum GroupStart {
    /// `earliest`, `latest` or a time.
    static func parse(_ text: String) throws(Problem) -> StartPosition {
        switch text {
        case "earliest": return .earliest
        case "latest": return .latest
        default:
            guard let time = try TimeText.time(text, of: "from") else {
                throw .invalidRequest("from is earliest, latest or a time for a group, not \"\(Problem.shown(text))\"")
            }
            return .time(time)
        }
    }
}
