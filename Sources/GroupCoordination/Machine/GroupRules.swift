import RecordFormat

/// What a group agrees on, apart from its topics.
struct GroupRules: Hashable, Sendable {
    var start: StartPosition
    var commitTimeout: Int64
    var sessionTimeout: Int64
    var membersMax: Int
    var timeToLive: Int64?

    /// The rules of a group that names nothing.
    init(_ configuration: GroupConfiguration, start: StartPosition = .earliest) {
        self.start = start
        commitTimeout = configuration.commitTimeoutMilliseconds
        sessionTimeout = configuration.sessionTimeoutMilliseconds
        membersMax = configuration.membersPerGroupMax
    }

    /// The rules as they were stored; what an older record does not say is as it was then.
    init(_ value: GroupValue, _ configuration: GroupConfiguration) {
        self.init(configuration, start: value.start)
        commitTimeout = value.commitTimeoutMilliseconds
        guard let extras = value.extras else { return }
        sessionTimeout = extras.sessionTimeoutMilliseconds
        membersMax = Int(extras.membersMax)
        timeToLive = extras.timeToLiveMilliseconds
    }

    /// Takes over what is named.
    mutating func apply(_ change: GroupConfigure) {
        start = change.start ?? start
        commitTimeout = change.commitTimeoutMilliseconds ?? commitTimeout
        sessionTimeout = change.sessionTimeoutMilliseconds ?? sessionTimeout
        membersMax = change.membersMax ?? membersMax
        switch change.timeToLive {
        case .milliseconds(let milliseconds): timeToLive = milliseconds
        case .unlimited: timeToLive = nil
        case nil: break
        }
    }
}
