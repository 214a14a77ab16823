import BrokerCore
import NIOCore
import RecordFormat

/// The body of an explicit join.
///
///     {"topics":["orders"],"instance":"cron-1","from":"latest","commitTimeoutMs":300000,"maxInFlight":100}
///     {"session":"..."}
struct MemberDocument: Sendable {
    /// The token of a member that comes back.
    let session: String?
    private let topics: [TopicName]
    private let instance: String?
    private let start: StartPosition?
    private let commitTimeoutMilliseconds: Int64?
    private let maxInFlight: Int64?
    private let maxInFlightBytes: Int64?

    private static let names: [StaticString] = [
        "topics", "instance", "from", "commitTimeoutMs", "maxInFlight", "maxInFlightBytes", "session",
    ]

    /// Reads and checks a body; an empty one names nothing.
    init(_ context: RequestContext, in namespace: Namespace) throws(Problem) {
        let header = context.request.headers[.groupSession]
        let body = context.request.body.readableBytes > 0 ? context.request.body : .init(string: "{}")
        self = try JSONDocument.read(body) { (bytes, value) throws(Problem) in
            try MemberDocument(JSONFields(bytes, value, known: Self.names), header, in: namespace)
        }
    }

    private init(_ fields: JSONFields, _ header: String?, in namespace: Namespace) throws(Problem) {
        topics = try TopicList.named(try fields.strings(0) ?? [], in: namespace)
        instance = try fields.string(1).map { (name) throws(Problem) in try API.instance(name) }
        start = try fields.string(2).map { (text) throws(Problem) in try GroupStart.parse(text) }
        commitTimeoutMilliseconds = try fields.integer(3)
        maxInFlight = try fields.integer(4)
        maxInFlightBytes = try fields.integer(5)
        let given = try fields.string(6)
        if let given, let header, given != header {
            throw .invalidRequest("the body has one session, and the header Group-Session another")
        }
        session = given ?? header
    }

    /// The join that is asked for.
    func request(to group: GroupName, resume: String?, principal: Principal) -> GroupJoinRequest {
        GroupJoinRequest(
            group: group,
            topics: topics,
            instance: instance,
            resume: resume,
            start: start ?? .earliest,
            maxInFlight: maxInFlight.map { Int($0) },
            maxInFlightBytes: maxInFlightBytes.map { Int($0) },
            commitTimeoutMilliseconds: commitTimeoutMilliseconds,
            principal: principal
        )
    }

    /// The session in a body that has nothing else; nil when there is no body.
    static func session(_ context: RequestContext) throws(Problem) -> String? {
        guard context.request.body.readableBytes > 0 else { return nil }
        return try JSONDocument.read(context.request.body) { (bytes, value) throws(Problem) in
            try JSONFields(bytes, value, known: ["session"]).string(0)
        }
    }
}
