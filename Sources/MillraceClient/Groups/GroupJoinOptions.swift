/// How to join a group.
public struct GroupJoinOptions: Sendable, Hashable {
    /// The group.
    public var group: String
    /// The topics that the group shares.
    public var topics: [String]
    /// The name of a static member, which keeps its partitions over a short absence.
    public var instance: String?
    /// A session to resume.
    public var session: String?
    /// The most records delivered and not committed.
    public var maxInFlight: Int?
    /// The most bytes of records delivered and not committed.
    public var maxInFlightBytes: Int?
    /// How long delivered records may stay uncommitted, in milliseconds; decided by the group's first member.
    public var commitTimeoutMilliseconds: Int?
    /// Where partitions without a commit begin: `earliest`, `latest` or a time; decided by the group's first member.
    public var from: String?

    /// Creates options.
    public init(
        group: String,
        topics: [String],
        instance: String? = nil,
        session: String? = nil,
        maxInFlight: Int? = nil,
        maxInFlightBytes: Int? = nil,
        commitTimeoutMilliseconds: Int? = nil,
        from: String? = nil
    ) {
        self.group = group
        self.topics = topics
        self.instance = instance
        self.session = session
        self.maxInFlight = maxInFlight
        self.maxInFlightBytes = maxInFlightBytes
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
        self.from = from
    }

    var target: String {
        ServerAddress.target(
            ["v1", "groups", group, "stream"],
            query: [
                // Every topic is encoded, the comma between them included, which means the same.
                ("topics", topics.isEmpty ? nil : topics.joined(separator: ",")),
                ("instance", instance),
                ("session", session),
                ("maxInFlight", maxInFlight.map { String($0) }),
                ("maxInFlightBytes", maxInFlightBytes.map { String($0) }),
                ("commitTimeout", commitTimeoutMilliseconds.map { "\($0)ms" }),
                ("from", from),
            ]
        )
    }
}
