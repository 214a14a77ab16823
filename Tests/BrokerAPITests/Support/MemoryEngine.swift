import BrokerCore
import RecordFormat
import Synchronization

/// Holds appends until they are let through.
final class AppendGate: Sendable {
    private let (passes, pass) = AsyncStream.makeStream(of: Void.self)

    /// Lets one append through.
    func letOneThrough() { pass.yield() }
    /// Lets all through.
    func open() { pass.finish() }

    fileprivate func enter() async {
        var passes = passes.makeAsyncIterator()
        await passes.next()
    }
}

/// An engine that keeps batches in arrays.
///
/// A wait with nothing to wait for moves the clock to its deadline.
final class MemoryEngine: BrokerEngine {
    struct Log: Sendable {
        var batches: [RecordBatch] = []
        var logStart = Offset.zero
        var visible = Offset.zero
    }

    struct Topic: Sendable {
        let id: TopicID
        var settings: TopicSettings
        var logs: [Log]
    }

    struct State: Sendable {
        var topics: [TopicName: Topic] = [:]
        var nextID: UInt64 = 1
        var phase = EnginePhase.ready
        var limits = Limits()
        var appendCalls = 0
        var appends: [(items: [AppendItem], producer: ProducerSequence?)] = []
        /// What producers stored, for their retries.
        var stored: [ProducerSequence: [AppendReceipt]] = [:]
        var appendError: BrokerError?
        /// What the next appends are refused with, in order.
        var appendErrors: [BrokerError] = []
        /// What lets appends through, one by one, once they have been counted.
        var appendGate: AppendGate?
        var readError: BrokerError?
        /// What happens in the next waits, in order; then waits time out.
        var waits: [@Sendable (MemoryEngine) -> WakeReason] = []
        var session: ScriptedSession?
        var joins: [GroupJoinRequest] = []
        var joinError: BrokerError?
        var commits: [CommitOffsetsRequest] = []
        var commitResults: [CommitItemResult] = []
        var commitError: BrokerError?
        var report: GroupReport?
        var groupChanges: [GroupSettingsChange] = []
        var groupDeletions: [Bool] = []
        var isGroupNew = false
        var groupError: BrokerError?
        var resets: [GroupResetRequest] = []
        var resetResults: [GroupResetResult] = []
        var history: GroupHistory?
        var polls: [MemberPoll] = []
        var page: MemberPage?
        var beats: [MemberIdentity] = []
        var leaves: [MemberIdentity] = []
        var listed = Listed()
    }

    let state = Mutex(State())
    let testClock = TestClock()
    let secretKey = [UInt8](repeating: 7, count: 32)
    let capabilities = EngineCapabilities(groups: true, atomicAppend: true)

    var clock: any MonotonicClock { testClock }
    var limits: Limits { state.withLock { $0.limits } }
    var phase: EnginePhase { state.withLock { $0.phase } }

    func appendTime() -> Timestamp { Timestamp(millisecondsSinceEpoch: 1_795_255_200_120) }

    func set(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Waits at the gate, if there is one.
    func passGate() async {
        await state.withLock { $0.appendGate }?.enter()
    }

    // MARK: Topics

    func createTopic(_ name: TopicName, settings asked: TopicSettingsChange) async throws(BrokerError) -> TopicCreation
    {
        if let reason = asked.refusal(limits) { throw .invalid(reason) }
        if let known = state.withLock({ $0.topics[name] }) {
            let wanted = known.settings.applying(asked, defaults: TopicSettings())
            guard let details = known.settings.differences(from: wanted) else {
                return .unchanged(describe(name, known))
            }
            throw .topicDiffers(name, details: details)
        }
        let settings = TopicSettings().applying(asked, defaults: TopicSettings())
        let topic = state.withLock { state in
            let topic = Topic(
                id: TopicID(high: state.nextID << 32, low: 0),
                settings: settings,
                logs: Array(repeating: Log(), count: Int(settings.partitions))
            )
            state.nextID += 1
            state.topics[name] = topic
            return topic
        }
        return .created(describe(name, topic))
    }

    func changeTopic(_ name: TopicName, _ change: TopicSettingsChange) async throws(BrokerError) -> TopicDescription {
        if let reason = change.refusal(limits) { throw .invalid(reason) }
        guard var topic = state.withLock({ $0.topics[name] }) else { throw .topicNotFound(name) }
        let settings = topic.settings.applying(change, defaults: TopicSettings())
        guard settings.partitions >= topic.settings.partitions else {
            throw .topicCannotChange(name, reason: "partitions cannot be taken away")
        }
        topic.logs += Array(repeating: Log(), count: Int(settings.partitions - topic.settings.partitions))
        topic.settings = settings
        state.withLock { $0.topics[name] = topic }
        return describe(name, topic)
    }

    func deleteTopic(_ name: TopicName) async throws(BrokerError) {
        let known = state.withLock { $0.topics.removeValue(forKey: name) }
        if known == nil { throw .topicNotFound(name) }
    }

    func topics(in namespace: Namespace) -> [TopicDescription] {
        let topics = state.withLock { $0.topics }
        return topics.filter { $0.key.namespace == namespace }.sorted { $0.key < $1.key }
            .map { describe($0.key, $0.value) }
    }

    func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription {
        guard let topic = state.withLock({ $0.topics[name] }) else { throw .topicNotFound(name) }
        return describe(name, topic)
    }

    private func describe(_ name: TopicName, _ topic: Topic) -> TopicDescription {
        TopicDescription(
            name: name,
            id: topic.id,
            settings: topic.settings,
            partitions: topic.logs.enumerated().map { index, log in
                PartitionDescription(
                    index: PartitionIndex(Int32(index)),
                    logStart: log.logStart,
                    visible: log.visible,
                    size: ByteCount(log.batches.reduce(0) { $0 + $1.encodedBytes.value })
                )
            }
        )
    }

    // MARK: Groups

    func joinGroup(_ request: GroupJoinRequest) async throws(BrokerError) -> any GroupSession {
        let (session, error) = state.withLock { state in
            state.joins.append(request)
            return (state.session, state.joinError)
        }
        if let error { throw error }
        guard let session else { throw .groupNotFound(request.group) }
        return session
    }

    func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult] {
        let (results, error) = state.withLock { state in
            state.commits.append(request)
            return (state.commitResults, state.commitError)
        }
        if let error { throw error }
        return results
    }

    func groups(in namespace: Namespace) -> [GroupSummary] {
        let report = state.withLock { $0.report }
        return report.map { [$0.summary] } ?? []
    }

    func group(_ name: GroupName) throws(BrokerError) -> GroupReport {
        let report = state.withLock { $0.report }
        guard let report, report.summary.name == name else { throw .groupNotFound(name) }
        return report
    }
}
