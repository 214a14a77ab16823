import RecordFormat

/// Everything that can happen to the groups of a shard.
public enum GroupCommand: Sendable {
    /// A connection joins a group, creating it where it does not exist. Replied: `joined` or `refused`.
    case join(GroupJoin)
    /// A connection takes over an existing session. Replied: `joined` or `refused`.
    case reconnect(GroupReconnect)
    /// An explicit member is there. Replied: `alive` or `refused`.
    case heartbeat(GroupHeartbeat)
    /// A connection was lost or closed without a leave. Unknown ones, and those taken over, change nothing.
    case disconnect(ConnectionID)
    /// A member goes for good: its partitions are released at once. Replied: `left` or `refused`.
    case leave(GroupLeave)
    /// Records are about to be handed to a member: soft state. See `GroupOutcome.isDeliveryAccepted`.
    case delivered(GroupDelivery)
    /// A member stores offsets. Replied: `committed` with one result an item.
    case commit(GroupCommit)
    /// A member is alive but slow: its leases begin anew. Replied: `progressed`.
    case progress(GroupLeaseRequest)
    /// A member gives partitions back before anybody asked. Replied: `released`.
    case release(GroupLeaseRequest)
    /// A group is made without members, or changed for all. Replied: `configured` or `refused`.
    case configure(GroupConfigure)
    /// Committed offsets are set by an administrator. Replied: `reset` or `refused`, once their places are resolved.
    case reset(GroupReset)
    /// A group ends with all that is stored of it. Replied: `deleted` or `refused`.
    case delete(GroupDelete)
    /// The shell resolved starts that an outcome asked for.
    case startResolved(StartResolution)
    /// A topic was created or has grown; its new partitions start at 0 in the groups that name it.
    case topicChanged(GroupTopicDescription)
    /// A topic is deleted.
    ///
    /// The records returned belong in the same frame as the deletion (rule 21 of the journal), or behind it where one
    /// frame cannot hold them all: a topic's id tells on replay that its commits are over.
    case topicDeleted(TopicName, TopicID)
    /// Time has passed: due at `GroupShard.nextDeadline()`; earlier or later ones are harmless.
    case tick
}

/// A topic as a group sees it: the name it asks for, the topic that bears it now, and its size.
public struct GroupTopicDescription: Hashable, Sendable {
    /// The topic's name.
    public let name: TopicName
    /// The identity behind the name; a re-created topic has another.
    public let id: TopicID
    /// The number of partitions.
    public let partitionCount: Int32

    /// Makes a description of a topic.
    public init(name: TopicName, id: TopicID, partitionCount: Int32) {
        self.name = name
        self.id = id
        self.partitionCount = partitionCount
    }
}

/// How a member shows that it is there.
public enum GroupPresence: Hashable, Sendable {
    /// By its connection: the shell says `disconnect` when it is lost.
    case connection
    /// By heartbeats, and by every other request with its session: an explicit member. Its `ConnectionID` is only the
    /// address of its events, which any connection may fetch.
    case heartbeats
}

/// A connection that joins a group.
public struct GroupJoin: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// Where events for this member go.
    public var connection: ConnectionID
    /// How the member shows that it is there.
    public var presence: GroupPresence
    /// The group.
    public var group: GroupName
    /// The id of the member, chosen afresh by the caller.
    ///
    /// A rejoin by `instance` bears it from then on, so that whatever the former process still sends with its own id is
    /// fenced (as in KIP-345).
    public var member: MemberID
    /// The name of a static member, if it is one.
    public var instance: String?
    /// The topics in any order; none means whatever the group reads, if there is such a group.
    public var topics: [GroupTopicDescription]
    /// Where to begin; used only by the join that creates the group.
    public var start: StartPosition
    /// The commit timeout, used only by the join that creates the group; `nil` is the default.
    public var commitTimeoutMilliseconds: Int64?

    /// Makes a join.
    public init(
        request: RequestID,
        connection: ConnectionID,
        presence: GroupPresence = .connection,
        group: GroupName,
        member: MemberID,
        instance: String? = nil,
        topics: [GroupTopicDescription],
        start: StartPosition = .earliest,
        commitTimeoutMilliseconds: Int64? = nil
    ) {
        self.request = request
        self.connection = connection
        self.presence = presence
        self.group = group
        self.member = member
        self.instance = instance
        self.topics = topics
        self.start = start
        self.commitTimeoutMilliseconds = commitTimeoutMilliseconds
    }
}

/// A connection that takes over a session.
public struct GroupReconnect: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// Where events for this member go from now on.
    public var connection: ConnectionID
    /// How the member shows from now on that it is there.
    public var presence: GroupPresence
    /// The session's group.
    public var group: GroupName
    /// The session's member.
    public var member: MemberID

    /// Makes a takeover.
    public init(
        request: RequestID,
        connection: ConnectionID,
        presence: GroupPresence = .connection,
        group: GroupName,
        member: MemberID
    ) {
        self.request = request
        self.connection = connection
        self.presence = presence
        self.group = group
        self.member = member
    }
}

/// A sign of life of a member whose session any connection may use.
public struct GroupHeartbeat: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The session's group.
    public var group: GroupName
    /// The session's member.
    public var member: MemberID

    /// Makes a heartbeat.
    public init(request: RequestID, group: GroupName, member: MemberID) {
        self.request = request
        self.group = group
        self.member = member
    }
}

/// A member that goes for good.
public struct GroupLeave: Sendable {
    /// Echoed in the reply.
    public var request: RequestID
    /// The session's group.
    public var group: GroupName
    /// The session's member.
    public var member: MemberID

    /// Makes a leave.
    public init(request: RequestID, group: GroupName, member: MemberID) {
        self.request = request
        self.group = group
        self.member = member
    }
}
