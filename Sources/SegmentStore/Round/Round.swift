import RecordFormat

/// One round of the journal: requests staged into a frame and into overlays of their partitions.
///
/// Stage, write the segments, write and flush the frame, apply. Nothing of it is seen by anybody before `apply`.
struct Round {
    private let store: LogStore
    private let frame: FrameBuffer
    private let epoch: LeaderEpoch
    private let now: Timestamp
    private(set) var overlays: [PartitionKey: PartitionOverlay] = [:]
    private(set) var deletedTopics: [TopicID] = []
    private(set) var outcomes: [CommitOutcome] = []

    init(store: LogStore, frame: FrameBuffer, epoch: LeaderEpoch) {
        self.store = store
        self.frame = frame
        self.epoch = epoch
        now = store.wallTime()
        frame.reset()
    }

    var isEmpty: Bool { frame.entryCount == 0 }

    /// Decides a request and, unless it is refused, gives its batches offsets and places.
    mutating func stage(_ request: CommitRequest) throws(FileError) {
        if let refusal = refusal(of: request) {
            outcomes.append(.refused(refusal))
            return
        }
        var ranges: [AppendedRange] = []
        ranges.reserveCapacity(request.appends.count)
        for append in request.appends {
            ranges.append(try stage(append))
        }
        if let deletion = request.deletedPrefix { stage(deletion) }
        if let topic = request.deletedTopic {
            frame.appendTopicDeletion(topic)
            deletedTopics.append(topic)
        }
        outcomes.append(.committed(ranges))
    }

    private mutating func stage(_ append: PartitionAppend) throws(FileError) -> AppendedRange {
        guard var overlay = overlays.removeValue(forKey: append.key) else {
            preconditionFailure("partition \(append.key) was checked before it was staged")
        }
        // The overlay goes back in every case: a round that throws is cut back through it.
        defer { overlays[append.key] = overlay }
        let base = overlay.end
        for batch in append.batches {
            try overlay.append(
                batch,
                frame: frame,
                epoch: epoch,
                limits: SegmentLimits(of: overlay.log, store.configuration),
                now: now,
                observer: store.configuration.observer
            )
        }
        return AppendedRange(key: append.key, base: base, end: overlay.end)
    }

    /// A deletion of what is deleted already leaves no entry.
    private mutating func stage(_ deletion: PrefixDeletion) {
        guard overlays[deletion.key]?.deletePrefix(before: deletion.before) == true else { return }
        frame.appendPrefixDeletion(deletion)
    }

    /// Why a request is refused, queued requests of the same round included; nil when it can be staged.
    private mutating func refusal(of request: CommitRequest) -> CommitRefusal? {
        guard LogStore.entryBytes(request).value <= frame.room else { return .tooLarge }
        if let topic = request.deletedTopic, deletedTopics.contains(topic) || !store.holds(topic) {
            return .unknownTopic(topic)
        }
        for append in request.appends {
            if deletedTopics.contains(append.key.topic) { return .unknownTopic(append.key.topic) }
            guard let overlay = overlay(of: append.key) else { return .unknownTopic(append.key.topic) }
            if let found = overlay.log.quarantine { return .quarantined(append.key, reason: found.reason) }
            if let expected = append.expectedOffset, expected != overlay.end {
                return .expectedOffset(append.key, expected: expected, actual: overlay.end)
            }
        }
        return request.deletedPrefix.flatMap { refusal(of: $0) }
    }

    private mutating func refusal(of deletion: PrefixDeletion) -> CommitRefusal? {
        if deletedTopics.contains(deletion.key.topic) { return .unknownTopic(deletion.key.topic) }
        guard let overlay = overlay(of: deletion.key) else { return .unknownTopic(deletion.key.topic) }
        if let quarantine = overlay.log.quarantine { return .quarantined(deletion.key, reason: quarantine.reason) }
        guard deletion.before > overlay.end else { return nil }
        return .prefixBeyondEnd(
            deletion.key,
            asked: deletion.before,
            logStart: overlay.logStart,
            end: overlay.end
        )
    }

    private mutating func overlay(of key: PartitionKey) -> PartitionOverlay? {
        if let overlay = overlays[key] { return overlay }
        guard let log = store.partition(key) else { return nil }
        let overlay = PartitionOverlay(log)
        overlays[key] = overlay
        return overlay
    }

    func writeSegments() throws(FileError) {
        for overlay in overlays.values { try overlay.writeSegments() }
    }

    func cutBack() throws(FileError) {
        for overlay in overlays.values { try overlay.cutBack() }
    }

    /// Makes everything visible.
    func apply() {
        for overlay in overlays.values where overlay.isChanged { overlay.apply() }
    }

    /// Every request that would have been stored is refused instead.
    func outcomesAfterFailure(_ error: FileError) -> [CommitOutcome] {
        outcomes.map { outcome in
            guard case .committed = outcome else { return outcome }
            return .refused(.writeFailed("\(error)"))
        }
    }
}
