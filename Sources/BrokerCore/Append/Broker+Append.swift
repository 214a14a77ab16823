import RecordFormat
import SegmentStore

extension Broker {
    /// Appends batches, all of them or none, and returns once they are on stable storage.
    ///
    /// Cost: one queue entry and one continuation a request; the wait ends with the round, and not with the caller's
    /// cancellation, because what is queued will be written.
    public func append(
        _ appends: [AppendItem],
        producer: ProducerSequence?
    ) async throws(BrokerError) -> [AppendReceipt] {
        guard !appends.isEmpty else { return [] }
        if let full = storageRefusal { throw full }
        let (parts, targets) = try prepare(appends)
        var request = CommitRequest(appends: parts)
        if let producer { request = try await self.request(parts, to: appends.map(\.target), from: producer) }
        let bytes = LogStore.entryBytes(request)
        guard bytes <= store.frameBytesMax else { throw .requestTooLarge(bytes: bytes, max: store.frameBytesMax) }
        let resolution = await commit(request, bytes: bytes.value, targets: targets)
        guard case .queued(let outcome) = resolution else {
            if case .full = resolution { throw .queueFull(retryAfterMilliseconds: AppendLimits.retryAfterMilliseconds) }
            throw failure.reason.map { .storageRefused("nothing was stored: \($0)") } ?? .draining
        }
        return try receipts(of: outcome, targets, producer)
    }

    private func receipts(
        of outcome: AppendResolution,
        _ targets: [Partition],
        _ producer: ProducerSequence?
    ) throws(BrokerError) -> [AppendReceipt] {
        switch outcome {
        case .stored(let ranges): return receipts(targets, ranges, areDuplicates: false)
        case .duplicate(let ranges): return receipts(targets, ranges, areDuplicates: true)
        default: break
        }
        if case .refused(.producer(let refusal)) = outcome, let producer { throw BrokerError(refusal, of: producer) }
        throw BrokerError(outcome, targets: targets) ?? .storageRefused("the write was refused")
    }

    private func receipts(
        _ targets: [Partition],
        _ ranges: [AppendedRange],
        areDuplicates: Bool
    ) -> [AppendReceipt] {
        zip(targets, ranges).map { target, range in
            AppendReceipt(target: target.identity, base: range.base, end: range.end, isDuplicate: areDuplicates)
        }
    }

    /// Why an append of about so many bytes would be refused for load now.
    public func appendRefusal(bytes: ByteCount) -> BrokerError? {
        if let full = storageRefusal { return full }
        guard !queue.hasRoom(bytes: bytes.value) else { return nil }
        return .queueFull(retryAfterMilliseconds: AppendLimits.retryAfterMilliseconds)
    }

    /// What the batches of one append take at most: it is one frame.
    public var appendBytesMax: ByteCount { store.frameBytesMax }

    /// Whether the volume has room for users' records.
    public var storage: StorageRoom { store.isFull ? .full : .open }

    /// The refusal of everything that would take room for a user; nil while there is some.
    var storageRefusal: BrokerError? {
        guard store.isFull else { return nil }
        return .insufficientStorage(
            "\(configuration.store.directory) has too little room left",
            retryAfterMilliseconds: AppendLimits.fullRetryAfterMilliseconds
        )
    }

    private enum Submission {
        case queued(AppendResolution)
        case full
        case closed
    }

    private func commit(_ request: CommitRequest, bytes: Int, targets: [Partition]) async -> Submission {
        await withCheckedContinuation { continuation in
            let queued = QueuedAppend(request: request, bytes: bytes, targets: targets) {
                continuation.resume(returning: .queued($0))
            }
            switch queue.add(queued) {
            case .queued: break
            case .full: continuation.resume(returning: .full)
            case .closed: continuation.resume(returning: .closed)
            }
        }
    }

    private func prepare(_ appends: [AppendItem]) throws(BrokerError) -> ([PartitionAppend], [Partition]) {
        var targets: [Partition] = []
        var parts: [PartitionAppend] = []
        for append in appends {
            guard !append.target.topic.isInternal else { throw .nameReserved(append.target.topic.name) }
            guard !append.batches.isEmpty else { throw .invalid("an append to \(append.target) has no records") }
            let target = try registry.partition(append.target)
            if let found = target.log.quarantine { throw .quarantined(target.identity, reason: found.reason) }
            targets.append(target)
            parts.append(
                PartitionAppend(key: target.key, batches: append.batches, expectedOffset: append.expectedOffset)
            )
        }
        return (parts, targets)
    }
}
