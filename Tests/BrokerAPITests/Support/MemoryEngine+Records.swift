import BrokerCore
import RecordFormat

extension MemoryEngine {
    func append(
        _ appends: [AppendItem],
        producer: ProducerSequence?
    ) async throws(BrokerError) -> [AppendReceipt] {
        let (error, known) = state.withLock { state in
            state.appendCalls += 1
            state.appends.append((appends, producer))
            let error = state.appendErrors.isEmpty ? state.appendError : state.appendErrors.removeFirst()
            return (error, producer.flatMap { state.stored[$0] })
        }
        await passGate()
        if let error { throw error }
        if let known {
            return known.map { AppendReceipt(target: $0.target, base: $0.base, end: $0.end, isDuplicate: true) }
        }
        let receipts = store(appends)
        if let producer { state.withLock { $0.stored[producer] = receipts } }
        return receipts
    }

    private func store(_ appends: [AppendItem]) -> [AppendReceipt] {
        appends.map { item in
            state.withLock { state in
                let index = Int(item.target.partition.value)
                var log = state.topics[item.target.topic]?.logs[index] ?? Log()
                let base = log.visible
                for var batch in item.batches {
                    batch.stamp(baseOffset: log.visible, leaderEpoch: LeaderEpoch(0))
                    log.visible = batch.nextOffset
                    log.batches.append(batch)
                }
                state.topics[item.target.topic]?.logs[index] = log
                return AppendReceipt(target: item.target, base: base, end: log.visible)
            }
        }
    }

    func deleteRecords(of partition: TopicPartition, before: Offset) async throws(BrokerError) -> Offset {
        let description = try topic(partition.topic)
        let index = Int(partition.partition.value)
        guard index < description.partitions.count else {
            throw .partitionNotFound(partition, count: Int32(description.partitions.count))
        }
        let bounds = description.partitions[index]
        guard before <= bounds.visible else {
            throw .offsetOutOfRange(partition, asked: before, logStart: bounds.logStart, visible: bounds.visible)
        }
        let start = max(before, bounds.logStart)
        state.withLock { $0.topics[partition.topic]?.logs[index].logStart = start }
        return start
    }

    func cursor(
        for topic: TopicName,
        partitions: [PartitionIndex]?,
        start: StartPosition
    ) throws(BrokerError) -> Cursor {
        let description = try self.topic(topic)
        let count = Int32(description.partitions.count)
        var positions: [Cursor.Position] = []
        for index in partitions ?? (0..<count).map({ PartitionIndex($0) }) {
            let target = TopicPartition(topic, index)
            guard index.value < count else { throw .partitionNotFound(target, count: count) }
            let bounds = description.partitions[Int(index.value)]
            let next: Offset
            switch start {
            case .earliest: next = bounds.logStart
            case .latest: next = bounds.visible
            case .beforeEnd(let count): next = max(bounds.logStart, Offset(bounds.visible.value - count))
            case .offset(let offset): next = offset
            case .time(let time):
                let batches = state.withLock { $0.topics[topic]?.logs[Int(index.value)].batches } ?? []
                next = batches.first { $0.maxTimestamp >= time }?.baseOffset ?? bounds.visible
            }
            positions.append(Cursor.Position(partition: target, topicID: description.id, next: next))
        }
        return Cursor(positions: positions)
    }

    func read(_ cursor: Cursor, budget: ReadBudget) async throws(BrokerError) -> ReadResult {
        if let error = state.withLock({ $0.readError }) { throw error }
        var cursor = cursor
        var slices: [ReadResult.Slice] = []
        var gaps: [ReadResult.Gap] = []
        var bytes = 0
        var lag: Int64 = 0
        for index in cursor.positions.indices {
            let position = cursor.positions[index]
            let topic = state.withLock { $0.topics[position.partition.topic] }
            guard let topic else { throw .topicNotFound(position.partition.topic) }
            guard topic.id == position.topicID else { throw .topicReplaced(position.partition.topic) }
            let log = topic.logs[Int(position.partition.partition.value)]
            if position.next < log.logStart {
                gaps.append(ReadResult.Gap(partition: position.partition, from: position.next, to: log.logStart))
                cursor.positions[index].next = log.logStart
            }
            let start = cursor.positions[index].next
            let end = min(log.visible, position.end ?? log.visible)
            var taken: [RecordBatch] = []
            for batch in log.batches where batch.nextOffset > start && batch.baseOffset < end {
                if bytes > 0, bytes >= budget.bytes.value { break }
                taken.append(batch)
                bytes += batch.encodedBytes.value
            }
            if let last = taken.last {
                slices.append(
                    ReadResult.Slice(
                        position: index,
                        partition: position.partition,
                        start: start,
                        batches: taken,
                        next: min(last.nextOffset, end)
                    )
                )
                cursor.positions[index].next = min(last.nextOffset, end)
            }
            lag += max(0, end - cursor.positions[index].next)
        }
        return ReadResult(slices: slices, gaps: gaps, cursor: cursor, caughtUp: lag == 0, lag: lag)
    }

    func wait(past cursor: Cursor, deadline: MonotonicInstant?) async -> WakeReason {
        let next = state.withLock { $0.waits.isEmpty ? nil : $0.waits.removeFirst() }
        if let next { return next(self) }
        if let deadline { testClock.advance(to: deadline) }
        return .timedOut
    }

    /// Every record of a topic, in the order of partition and offset.
    func records(_ topic: TopicName) throws -> [DecodedRecord] {
        let logs = state.withLock { $0.topics[topic]?.logs ?? [] }
        return try logs.flatMap(\.batches).flatMap { try $0.decodedRecords() }
    }

    /// Appends batches to a partition and lets retention take what lies before an offset.
    func store(_ topic: TopicName, _ partition: Int32, _ batches: [RecordBatch], logStart: Int64 = 0) async throws {
        let target = TopicPartition(topic, PartitionIndex(partition))
        _ = try await append([AppendItem(target: target, batches: batches)])
        set { state in
            guard var log = state.topics[topic]?.logs[Int(partition)] else { return }
            log.logStart = Offset(logStart)
            log.batches.removeAll { $0.nextOffset.value <= logStart }
            state.topics[topic]?.logs[Int(partition)] = log
        }
    }
}
