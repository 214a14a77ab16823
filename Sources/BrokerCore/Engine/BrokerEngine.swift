import RecordFormat

/// What every surface sees of a broker: topics, append, read, wait, groups, lag.
///
/// There is no HTTP and no JSON in it.
///
/// The embedded log (`Broker`) is one engine; another could run over a cluster and answer some calls with
/// `BrokerError.unsupported`, which `capabilities` announces beforehand.
///
/// All calls may be made from any task. Calls that name a topic throw `BrokerError.topicNotFound` when it does not
/// exist; topics are never created by use.
public protocol BrokerEngine: AnyObject, Sendable {
    /// What this engine can do.
    var capabilities: EngineCapabilities { get }
    /// The named bounds in force.
    var limits: Limits { get }
    /// Whether requests are accepted, or the broker is going away.
    var phase: EnginePhase { get }
    /// Whether there is room for users' records.
    var storage: StorageRoom { get }
    /// The key with which surfaces sign what they hand out (session tokens); 32 bytes, kept in the data directory.
    var secretKey: [UInt8] { get }
    /// Monotonic time, for deadlines given to `wait` and to group sessions.
    var clock: any MonotonicClock { get }
    /// What an operator should know of damaged storage.
    var damage: DamageReport { get }
    /// What it counts.
    var metrics: [MetricFamily] { get }

    /// The time to stamp records with: wall time that never goes back within this process.
    func appendTime() -> Timestamp

    // MARK: Topics

    /// Creates a topic, or says that it was there with the same settings.
    /// - Throws: `topicDiffers` with what differs, `invalid` for settings out of range.
    func createTopic(_ name: TopicName, settings: TopicSettingsChange) async throws(BrokerError) -> TopicCreation
    /// Changes a topic's settings, and adds partitions. Durable on return.
    ///
    /// Readers of the whole topic and groups take added partitions in, from their beginning.
    /// - Throws: `topicCannotChange` when partitions would be taken away, or added to a compacted topic; `invalid` for
    ///   settings out of range.
    func changeTopic(_ name: TopicName, _ change: TopicSettingsChange) async throws(BrokerError) -> TopicDescription
    /// Deletes a topic, its records and every group's commits on it. Durable on return.
    func deleteTopic(_ name: TopicName) async throws(BrokerError)
    /// The namespaces that have topics, sorted; one with internal topics alone is left out.
    var namespaces: [Namespace] { get }
    /// All topics of a namespace, sorted by name; internal ones are left out.
    func topics(in namespace: Namespace) -> [TopicDescription]
    /// One topic with the offsets of its partitions.
    func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription
    /// One topic without offsets: cheap, however many partitions it has.
    func outline(of name: TopicName) throws(BrokerError) -> TopicOutline
    /// How often topics were made, changed or removed since the start.
    ///
    /// Who reads it before he looks at the topics can tell later, at no cost, whether a look would find the same.
    var topicChanges: Int64 { get }

    // MARK: Records

    /// Appends batches, all of them or none, and returns once they are on stable storage.
    ///
    /// - Parameter appends: at most one element a partition; its batches are appended in order.
    /// - Parameter producer: whose append it is and which one, if it is to be stored once however often it is sent; the
    ///   elements are for one topic then. A repetition gets the receipts of the first time, marked as duplicates, once the
    ///   first one is on stable storage.
    /// - Returns: one receipt an element, in the same order.
    /// - Throws: `queueFull` when the append queue has no room, `requestTooLarge` when the batches do not fit a journal
    ///   frame, `expectedOffset` when a condition fails, `outcomeUnknown` when storage failed after the write began, and
    ///   `producer...` where the producer's earlier requests say no.
    func append(
        _ appends: [AppendItem],
        producer: ProducerSequence?
    ) async throws(BrokerError) -> [AppendReceipt]

    /// Deletes the records of a partition below an offset. Durable on return.
    ///
    /// Repeating it changes nothing, and neither does an offset that is no longer kept.
    /// - Returns: the first offset that is kept.
    /// - Throws: `offsetOutOfRange` for an offset beyond the end, `topicCannotChange` for a compacted topic.
    func deleteRecords(of partition: TopicPartition, before: Offset) async throws(BrokerError) -> Offset

    /// Why an append of about so many bytes would be refused for load now; nil when it would be queued.
    ///
    /// A glance, for surfaces: a body need not be read for an append that is refused anyhow.
    func appendRefusal(bytes: ByteCount) -> BrokerError?

    /// What the batches of one append take at most, with what stands around them.
    var appendBytesMax: ByteCount { get }

    /// A cursor over partitions of a topic, starting where `start` says.
    ///
    /// A time is looked up in the log; nothing else waits.
    func cursor(
        for topic: TopicName,
        partitions: [PartitionIndex]?,
        start: StartPosition
    ) async throws(BrokerError) -> Cursor

    /// Reads what is visible from the cursor on, without waiting: possibly nothing.
    ///
    /// At most about `budget.bytes`, but always at least one batch if there is one. Partitions take turns.
    func read(_ cursor: Cursor, budget: ReadBudget) async throws(BrokerError) -> ReadResult

    /// The same, at once; nil where that would take time, and `read` is to be asked.
    func readNow(_ cursor: Cursor, budget: ReadBudget) throws(BrokerError) -> ReadResult?

    /// Waits until some partition of the cursor has a visible record at or past it, or until the deadline, or a drain.
    ///
    /// Returns at once when there is one already. Cancellation of the task ends the wait.
    func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason

    /// Waits without a task or a deadline: calls `action` once, from any thread, where `wait` would return; perhaps before this
    /// returns.
    ///
    /// - Returns: what ends the waiting. To be called once, also after the action was; that may be called all the same meanwhile.
    func notify(
        past cursor: Cursor,
        _ action: @escaping @Sendable (WakeReason) -> Void
    ) -> @Sendable () -> Void

    // MARK: Collections

    /// A page of a collection: the state of one moment, however many pages it takes.
    /// - Parameter place: where an earlier page ended; nil begins a new list.
    /// - Throws: `notACollection`; `listExpired` when the earlier page's list is over.
    func listItems(
        of topic: TopicName,
        from place: CollectionPlace?,
        limit: Int,
        bytesMax: ByteCount
    ) async throws(BrokerError) -> CollectionPage
    /// Closes a list that nobody reads on; one that is over, or was never there, is no matter.
    func closeList(_ list: UInt64, of topic: TopicName)
    /// The latest version of an item; nil when there is none.
    func item(_ key: [UInt8], of topic: TopicName) async throws(BrokerError) -> CollectionItem?
    /// Changes an item by what its latest version says: nobody's change comes in between. Durable on return.
    /// - Parameter decide: says what is to become of the item; what it throws is thrown on.
    /// - Throws: `tooContended` when others were always faster; what `append` throws.
    func updateItem(
        _ key: [UInt8],
        of topic: TopicName,
        _ decide: @escaping @Sendable (CollectionItem?) throws -> ItemDecision
    ) async throws -> ItemUpdate
    /// Reads what has changed from a version on, without waiting: possibly nothing.
    /// - Parameter wanted: which versions before the changes to bring along.
    /// - Throws: `versionExpired` where compaction or retention has removed changes from the version on.
    func changes(_ cursor: Cursor, budget: ReadBudget, previous wanted: PreviousWanted) async throws(BrokerError)
        -> CollectionChanges

    // MARK: Groups

    /// Joins a group, or resumes a session; the session is the member until it is closed.
    func joinGroup(_ request: GroupJoinRequest) async throws(BrokerError) -> any GroupSession
    /// Commits offsets for a session; each item has its own result. Durable on return.
    func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult]
    /// All groups of a namespace, sorted by name.
    func groups(in namespace: Namespace) -> [GroupSummary]
    /// One group: members, assignment, committed offsets, lag.
    func group(_ name: GroupName) throws(BrokerError) -> GroupReport
    /// The same, with how long the oldest unread records have waited; that reads a little.
    func groupWithLagAges(_ name: GroupName) async throws(BrokerError) -> GroupReport
    /// Makes a group without members, or says that it was there as is asked for. Durable on return.
    /// - Throws: `groupDiffers` with what differs; `invalid` for settings out of range, or a new group without topics.
    func createGroup(_ name: GroupName, _ change: GroupSettingsChange) async throws(BrokerError) -> GroupCreation
    /// Changes a group for all its members; what is not named stays as it is. Durable on return.
    func changeGroup(_ name: GroupName, _ change: GroupSettingsChange) async throws(BrokerError) -> GroupReport
    /// Ends a group with its commits; by force its members are sent away. Durable on return.
    /// - Throws: `groupHasMembers` unless it has none, or is forced.
    func deleteGroup(_ name: GroupName, isForced: Bool) async throws(BrokerError)
    /// Sets committed offsets by hand, or tells what that would do; nobody loses a partition that is not touched.
    /// Durable on return.
    /// - Throws: `partitionNotShared`, and then nothing was done; `tooManyResets`.
    func resetOffsets(_ request: GroupResetRequest) async throws(BrokerError) -> [GroupResetResult]
    /// The last rebalances of a group.
    func history(of name: GroupName) throws(BrokerError) -> GroupHistory

    // MARK: Explicit members

    /// Joins a group, or comes back, as a member that is there by its requests. Durable on return.
    func joinExplicitly(_ request: GroupJoinRequest) async throws(BrokerError) -> ExplicitMembership
    /// What there is for an explicit member: waits for the first thing to tell, and is a sign of life all the while.
    ///
    /// One request of a member at a time: a later one takes the place of one that waits.
    /// - Throws: `sessionExpired`; `pollSuperseded` for the one whose place was taken; `memberConnected` when the member is
    ///   there by a connection.
    func poll(_ poll: MemberPoll) async throws(BrokerError) -> MemberPage
    /// A sign of life of a member.
    func heartbeat(_ identity: MemberIdentity) async throws(BrokerError) -> MemberStanding
    /// A member leaves: what it holds moves at once. Durable on return.
    func leave(_ identity: MemberIdentity) async throws(BrokerError)
}

extension BrokerEngine {
    /// Appends batches whose sender does not number his requests.
    public func append(_ appends: [AppendItem]) async throws(BrokerError) -> [AppendReceipt] {
        try await append(appends, producer: nil)
    }
}

/// What an engine can do beyond reading and appending.
public struct EngineCapabilities: Sendable {
    /// Consumer groups with server-side assignment.
    public var groups: Bool
    /// Requests that touch several partitions are atomic.
    public var atomicAppend: Bool

    /// Creates a set of capabilities.
    public init(groups: Bool, atomicAppend: Bool) {
        self.groups = groups
        self.atomicAppend = atomicAppend
    }
}

/// Where an engine is in its life.
public enum EnginePhase: Sendable, Hashable {
    /// Recovering; nothing is served yet.
    case starting
    /// Serving.
    case ready
    /// Going away: streams end with `goodbye`, new streams are refused.
    case draining
    /// Storage failed; the process is about to exit.
    case failed
}

/// Whether there is room for users' records.
public enum StorageRoom: String, Sendable, Hashable {
    /// There is.
    case open
    /// The volume is full: reads, commits and deletions go on, appends and new topics are refused until there is room.
    case full
}

extension BrokerEngine {
    /// An engine that knows nothing cheaper describes the topic.
    public func outline(of name: TopicName) throws(BrokerError) -> TopicOutline { TopicOutline(try topic(name)) }
    /// An engine that does not bound appends refuses none beforehand.
    public func appendRefusal(bytes: ByteCount) -> BrokerError? { nil }
    /// An engine that does not say takes as much as a body holds.
    public var appendBytesMax: ByteCount { limits.requestBodyBytesMax }
    /// An engine that does not tell namespaces apart has one.
    public var namespaces: [Namespace] { [.default] }
    /// An engine that tells no changes has the same topics for ever.
    public var topicChanges: Int64 { 0 }
    /// An engine that counts nothing has no metrics.
    public var metrics: [MetricFamily] { [] }
    /// An engine that does not watch a volume has room.
    public var storage: StorageRoom { .open }
}
