import Collections
import RecordFormat

/// One group: its members, the partitions of its topics, and who has which.
///
/// Every verb is a mutating function that changes the state at once and notes in `GroupChanges` what it touched;
/// `outcome(of:)` turns the notes into records, replies and events. The invariants:
/// - a partition has at most one holder, and a new holder means a new, higher epoch;
/// - a holder goes when all that was delivered to it is committed, when it says so, or at the commit timeout;
/// - nobody holds a partition whose start is unresolved; a committed offset never goes back, but for a reset.
struct ConsumerGroup: Sendable {
    let name: GroupName
    let configuration: GroupConfiguration
    var rules: GroupRules

    var epoch = GroupEpoch(0)
    /// The counter behind all partition epochs of the group.
    var lastPartitionEpoch = PartitionEpoch(0)
    /// Sorted by name, so that every walk over the partitions has one order.
    var topics: OrderedDictionary<TopicName, GroupTopic>
    /// Topics that were taken off the list: nobody reads them, and their commits wait for their return.
    var kept: [TopicName: GroupTopic] = [:]
    var members: [MemberID: GroupMember] = [:]
    /// The living static members.
    var instances: [String: MemberID] = [:]

    /// Since when there has been no member; by the wall clock, for an ephemeral group's end survives restarts.
    var emptySince: Timestamp?
    /// When an ephemeral group without members ends, by the monotonic clock.
    var endsAt: Int64?

    /// Resets that wait for their offsets.
    var resets: [RequestID: GroupReset] = [:]
    var history = GroupHistory()

    /// When the joins collected so far are answered with partitions.
    var reconcileAt: Int64?
    /// No later than the next deadline; earlier is harmless, `tick` finds out.
    var wakeAt: Int64?

    init(name: GroupName, configuration: GroupConfiguration, rules: GroupRules, topics: [TopicName]) {
        self.name = name
        self.configuration = configuration
        self.rules = rules
        self.topics = OrderedDictionary(uniqueKeysWithValues: topics.sorted().map { ($0, GroupTopic()) })
    }

    var commitTimeout: Int64 { rules.commitTimeout }

    var settings: GroupSettings {
        GroupSettings(
            topics: Array(topics.keys),
            start: rules.start,
            commitTimeoutMilliseconds: rules.commitTimeout,
            sessionTimeoutMilliseconds: rules.sessionTimeout,
            membersMax: rules.membersMax,
            timeToLiveMilliseconds: rules.timeToLive
        )
    }

    /// Whether a rule is broken on purpose.
    func isPlanted(_ fault: PlantedGroupFault) -> Bool { configuration.isPlanted(fault) }

    /// A partition that the group reads, or `nil`.
    subscript(partition: TopicPartition) -> GroupPartition? {
        guard let topic = topics[partition.topic], topic.id != nil else { return nil }
        let index = Int(partition.partition.value)
        return topic.partitions.indices.contains(index) ? topic.partitions[index] : nil
    }

    /// Changes a partition that is known to exist.
    mutating func update<Result>(
        _ partition: TopicPartition,
        _ body: (inout GroupPartition) -> Result
    ) -> Result {
        guard let topic = topics.index(forKey: partition.topic) else {
            preconditionFailure("group \(name) does not read \(partition)")
        }
        return body(&topics.values[topic].partitions[Int(partition.partition.value)])
    }

    /// Ends or begins who holds a partition, and notes for the history who did before.
    mutating func setHolder(_ holder: Holder?, of partition: TopicPartition, changes: inout GroupChanges) {
        changes.noteHolder(self[partition]?.holder?.member, of: partition)
        changes.partitions.insert(partition)
        update(partition) { $0.holder = holder }
    }

    /// All partitions in order.
    var allPartitions: [TopicPartition] {
        topics.flatMap { name, topic in
            topic.partitions.indices.map { TopicPartition(name, PartitionIndex(Int32($0))) }
        }
    }

    /// What a member holds, in order.
    func partitions(heldBy member: MemberID) -> [TopicPartition] {
        partitions { $0.holder?.member == member }
    }

    /// The partitions that are read and of which something is true, in order.
    ///
    /// Looks at each where it stands, and makes a name for those alone: a heartbeat walks over all partitions of its group
    /// for the few that its member holds.
    func partitions(where isWanted: (GroupPartition) -> Bool) -> [TopicPartition] {
        var wanted: [TopicPartition] = []
        for (name, topic) in topics where topic.id != nil {
            for index in topic.partitions.indices where isWanted(topic.partitions[index]) {
                wanted.append(TopicPartition(name, PartitionIndex(Int32(index))))
            }
        }
        return wanted
    }

    /// The members whose session lives.
    var livingCount: Int { members.values.count { !$0.isGone } }

    var hasConnectedMembers: Bool { members.values.contains { $0.isConnected } }

    /// Notes that something falls due at a time.
    mutating func wake(at time: Int64) {
        wakeAt = min(wakeAt ?? time, time)
    }

    /// Raises the group's epoch; at most once a command.
    mutating func raiseEpoch(_ changes: inout GroupChanges) {
        guard !changes.isEpochRaised else { return }
        changes.isEpochRaised = true
        changes.isGroupChanged = true
        epoch = epoch.next
    }
}
