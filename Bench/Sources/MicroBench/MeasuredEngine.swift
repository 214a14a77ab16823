import BrokerCore
import RecordFormat

/// An engine that costs nearly nothing: what is measured is the API above it.
///
/// It has one topic, `orders`. Appends are answered and forgotten; reads find what it was made with.
final class MeasuredEngine: BrokerEngine {
    /// Where reads find their batches.
    enum Log: Sendable {
        /// These, and then the end.
        case batches([RecordBatch])
        /// Single records without end; `EndlessLog` has one at every offset.
        case endless(EndlessLog)
    }

    static let name = TopicName(internal: "orders")

    let capabilities = EngineCapabilities(groups: false, atomicAppend: true)
    let limits = Limits()
    let phase = EnginePhase.ready
    let secretKey = [UInt8](repeating: 7, count: 32)
    let clock: any MonotonicClock = StoppedClock()
    private let log: Log
    private let description: TopicDescription

    /// An engine whose topic has so many partitions; the first of them is read.
    init(partitions: Int32 = 1, log: Log = .batches([])) {
        self.log = log
        let visible: Offset = if case .batches(let batches) = log { batches.last?.nextOffset ?? .zero } else { .zero }
        description = TopicDescription(
            name: Self.name,
            id: TopicID(high: 0x0123_4567_89AB_CDEF, low: 1),
            settings: TopicSettings(partitions: partitions),
            partitions: (0..<partitions).map {
                PartitionDescription(index: PartitionIndex($0), logStart: .zero, visible: visible, size: .zero)
            }
        )
    }

    func appendTime() -> Timestamp { SampleRecords.start }

    func topics(in namespace: Namespace) -> [TopicDescription] { [description] }

    func topic(_ name: TopicName) throws(BrokerError) -> TopicDescription {
        guard name == Self.name else { throw .topicNotFound(name) }
        return description
    }

    func append(_ appends: [AppendItem], producer: ProducerSequence?) async throws(BrokerError) -> [AppendReceipt] {
        appends.map { item in
            let count = item.batches.reduce(0) { $0 + $1.recordCount }
            return AppendReceipt(target: item.target, base: .zero, end: Offset(Int64(count)))
        }
    }

    func cursor(
        for topic: TopicName,
        partitions: [PartitionIndex]?,
        start: StartPosition
    ) async throws(BrokerError) -> Cursor {
        let positions = description.partitions.map {
            let partition = TopicPartition(topic, $0.index)
            return Cursor.Position(partition: partition, topicID: description.id, next: .zero)
        }
        return Cursor(positions: positions)
    }

    func read(_ cursor: Cursor, budget: ReadBudget) async throws(BrokerError) -> ReadResult {
        var cursor = cursor
        let start = cursor.positions[0].next
        let batches: [RecordBatch]
        switch log {
        case .batches(let all): batches = all.filter { $0.nextOffset > start }
        case .endless(let log): batches = [log.batch(at: start)]
        }
        guard let last = batches.last else {
            return ReadResult(slices: [], gaps: [], cursor: cursor, caughtUp: true, lag: 0)
        }
        let slice = ReadResult.Slice(
            position: 0,
            partition: cursor.positions[0].partition,
            start: start,
            batches: batches,
            next: last.nextOffset,
            tailOf: isEndless ? description.id : nil
        )
        cursor.positions[0].next = last.nextOffset
        return ReadResult(slices: [slice], gaps: [], cursor: cursor, caughtUp: !isEndless, lag: isEndless ? 1 : 0)
    }

    func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason { .timedOut }

    private var isEndless: Bool {
        if case .endless = log { true } else { false }
    }
}

/// What no loop asks for.
extension MeasuredEngine {
    private static let refusal = BrokerError.unsupported("this engine is for measuring produce and reads")

    func createTopic(_ name: TopicName, settings: TopicSettingsChange) async throws(BrokerError) -> TopicCreation {
        throw Self.refusal
    }

    func changeTopic(_ name: TopicName, _ change: TopicSettingsChange) async throws(BrokerError) -> TopicDescription {
        throw Self.refusal
    }

    func deleteTopic(_ name: TopicName) async throws(BrokerError) { throw Self.refusal }

    func deleteRecords(of partition: TopicPartition, before: Offset) async throws(BrokerError) -> Offset {
        throw Self.refusal
    }

    func joinGroup(_ request: GroupJoinRequest) async throws(BrokerError) -> any GroupSession { throw Self.refusal }

    func commit(_ request: CommitOffsetsRequest) async throws(BrokerError) -> [CommitItemResult] { throw Self.refusal }

    func groups(in namespace: Namespace) -> [GroupSummary] { [] }

    func group(_ name: GroupName) throws(BrokerError) -> GroupReport { throw Self.refusal }
}
