import BrokerCore
import RecordFormat
import Synchronization

/// An engine of which only streams work: a group's says nothing until it drains or is cancelled; of the topics `flood` has
/// records without end, and `quiet` never has any, for what is appended is only counted.
final class FakeEngine: BrokerEngine {
    let capabilities = EngineCapabilities(groups: true, atomicAppend: true)
    let limits: Limits
    let secretKey = [UInt8](repeating: 7, count: 32)
    let clock: any MonotonicClock = SystemMonotonicClock()
    /// One element each time a session is closed.
    let closings: AsyncStream<Void>

    private let closing: AsyncStream<Void>.Continuation
    private let state = Mutex(
        (phase: EnginePhase.ready, closedCount: 0, waiting: 0, appended: 0, sessions: [FakeSession]())
    )
    private let listensToDrain: Bool
    private let refusal: BrokerError?

    /// An engine; one that does not listen lets its streams go on when it drains.
    ///
    /// With a refusal every append is refused, and told so beforehand.
    init(
        bodyBytesMax: ByteCount = .kibibytes(4),
        listensToDrain: Bool = true,
        appendRefusal: BrokerError? = nil,
        slowWatcherMax: Duration = .seconds(60)
    ) {
        var limits = Limits()
        limits.slowWatcherMax = slowWatcherMax
        limits.requestBodyBytesMax = bodyBytesMax
        self.limits = limits
        self.listensToDrain = listensToDrain
        refusal = appendRefusal
        (closings, closing) = AsyncStream.makeStream()
    }

    var phase: EnginePhase { state.withLock { $0.phase } }
    /// How many wait at the end of a topic.
    var waitingCount: Int { state.withLock { $0.waiting } }
    /// How many records were appended.
    var appendedRecords: Int { state.withLock { $0.appended } }
    var closedCount: Int { state.withLock { $0.closedCount } }

    func drain() {
        let sessions = state.withLock { state in
            if listensToDrain { state.phase = .draining }
            return state.sessions
        }
        guard listensToDrain else { return }
        for session in sessions { session.end() }
    }

    func sessionClosed() {
        state.withLock { $0.closedCount += 1 }
        closing.yield()
    }

    func joinGroup(_ request: GroupJoinRequest) async throws(BrokerError) -> any GroupSession {
        let session = FakeSession(engine: self)
        state.withLock { $0.sessions.append(session) }
        return session
    }

    func appendRefusal(bytes: ByteCount) -> BrokerError? { refusal }
    var storage: StorageRoom {
        if case .insufficientStorage = refusal { .full } else { .open }
    }

    func appendTime() -> Timestamp { Timestamp(millisecondsSinceEpoch: 0) }
    func topics(in namespace: Namespace) -> [TopicDescription] { [] }
    func groups(in namespace: Namespace) -> [GroupSummary] { [] }
    func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription {
        guard Self.topics.contains(name.name) else { throw .topicNotFound(name) }
        let end = Offset(name.name == "flood" ? Int64.max : 0)
        let partition = PartitionDescription(index: PartitionIndex(0), logStart: .zero, visible: end, size: .zero)
        return TopicDescription(name: name, id: Self.topicID, settings: TopicSettings(), partitions: [partition])
    }
    func group(_ name: GroupName) throws(BrokerError) -> GroupReport { throw .groupNotFound(name) }
    /// Sleeps until its task is cancelled, and counts while it does.
    func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason {
        state.withLock { $0.waiting += 1 }
        defer { state.withLock { $0.waiting -= 1 } }
        try? await Task.sleep(for: .seconds(60))
        return Task.isCancelled ? .cancelled : .timedOut
    }

    func changeTopic(_ name: TopicName, _ change: TopicSettingsChange) async throws(BrokerError) -> TopicDescription {
        throw .unsupported("a fake")
    }

    func deleteRecords(of partition: TopicPartition, before: Offset) async throws(BrokerError) -> Offset {
        throw .unsupported("a fake")
    }

    func createTopic(_ name: TopicName, settings: TopicSettingsChange) async throws(BrokerError) -> TopicCreation {
        throw .unsupported("a fake")
    }

    func deleteTopic(_ name: TopicName) async throws(BrokerError) { throw .unsupported("a fake") }

    func append(
        _ appends: [AppendItem],
        producer: ProducerSequence?
    ) async throws(BrokerError) -> [AppendReceipt] {
        if let refusal { throw refusal }
        return appends.map { item in
            let count = item.batches.reduce(0) { $0 + $1.recordCount }
            let end = state.withLock { state in
                state.appended += count
                return Int64(state.appended)
            }
            return AppendReceipt(target: item.target, base: Offset(end - Int64(count)), end: Offset(end))
        }
    }

    func cursor(
        for topic: TopicName,
        partitions: [PartitionIndex]?,
        start: StartPosition
    ) throws(BrokerError) -> Cursor {
        let description = try self.topic(topic)
        let partition = TopicPartition(topic, PartitionIndex(0))
        return Cursor(positions: [Cursor.Position(partition: partition, topicID: description.id, next: .zero)])
    }

    func read(_ cursor: Cursor, budget: ReadBudget) async throws(BrokerError) -> ReadResult {
        var cursor = cursor
        let position = cursor.positions[0]
        guard position.partition.topic.name == "flood" else {
            return ReadResult(slices: [], gaps: [], cursor: cursor, caughtUp: true, lag: 0)
        }
        var builder = RecordBatchBuilder(isJSON: true)
        let value = Array("\"\(String(repeating: "x", count: 1000))\"".utf8)
        for _ in 0..<64 { value.withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) } }
        var batch = builder.finish()
        batch.stamp(baseOffset: position.next, leaderEpoch: LeaderEpoch(0))
        cursor.positions[0].next = batch.nextOffset
        let slice = ReadResult.Slice(
            position: 0,
            partition: position.partition,
            start: position.next,
            batches: [batch],
            next: batch.nextOffset
        )
        return ReadResult(slices: [slice], gaps: [], cursor: cursor, caughtUp: false, lag: 1000)
    }

    private static let topics = ["flood", "quiet"]
    private static let topicID = TopicID(high: 1 << 32, low: 1)

    func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult] {
        throw .unsupported("a fake")
    }
}

/// A membership that owns nothing.
final class FakeSession: GroupSession {
    let member = "m_1"
    let groupEpoch: Int64 = 1

    private let engine: FakeEngine
    private let events: AsyncStream<GroupEvent>
    private let event: AsyncStream<GroupEvent>.Continuation

    init(engine: FakeEngine) {
        self.engine = engine
        (events, event) = AsyncStream.makeStream()
        event.yield(.assigned(groupEpoch: 1, partitions: []))
    }

    func end() {
        event.yield(.goodbye(reason: "drain", reconnect: true, retryAfterMilliseconds: 250))
    }

    func next(deadline: MonotonicInstant?, allowance: DeliveryAllowance) async -> GroupEvent {
        var iterator = events.makeAsyncIterator()
        return await iterator.next() ?? .idle
    }

    func close(_ reason: GroupCloseReason) async {
        engine.sessionClosed()
    }
}
