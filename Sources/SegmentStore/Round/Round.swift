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
    private var producers = ProducerOverlay()
    /// The outcomes that are duplicates of requests of this round.
    private var duplicatesOfRound: Set<Int> = []

    /// What is to be done with a request.
    private enum Decision {
        case store
        case duplicate([AppendedRange], isOfThisRound: Bool)
        case refuse(CommitRefusal)
    }

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
        switch decide(request) {
        case .store: break
        case .duplicate(let ranges, let isOfThisRound):
            // Its answer waits for the original's flush: that is over, or it is this round's.
            if isOfThisRound { duplicatesOfRound.insert(outcomes.count) }
            outcomes.append(.duplicate(ranges))
            return
        case .refuse(let refusal):
            outcomes.append(.refused(refusal))
            return
        }
        if let producer = request.producer { register(producer) }
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
        if let producer = request.producer { remember(request, of: producer, at: ranges) }
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

    /// Decides a request, those before it in the round included.
    ///
    /// A duplicate is told before a condition is looked at: the retry of a conditional append finds the end moved by
    /// itself.
    private mutating func decide(_ request: CommitRequest) -> Decision {
        if let refusal = refusal(of: request) { return .refuse(refusal) }
        if let producer = request.producer, let first = request.appends.first {
            let decision = decide(request, of: producer, on: first.key.topic)
            guard case .store = decision else { return decision }
        }
        return unmetCondition(of: request).map { .refuse($0) } ?? .store
    }

    private func decide(_ request: CommitRequest, of producer: ProducerRequest, on topic: TopicID) -> Decision {
        let sent = request.sent(by: producer)
        let hasGrown = store.hasGrown(topic)
        let (decision, isOfThisRound) = store.producers.withLock { table in
            producers.decide(sent, of: producer, on: topic, hasGrown: hasGrown, in: table)
        }
        switch decision {
        case .append: return .store
        case .refuse(let refusal): return .refuse(.producer(refusal))
        case .duplicate(let spans):
            let ranges = zip(request.appends, spans).map { append, span in
                AppendedRange(key: append.key, base: span.base, end: span.end)
            }
            return .duplicate(ranges, isOfThisRound: isOfThisRound)
        }
    }

    /// Puts the name of a producer into the frame that holds the first batch with its number.
    private mutating func register(_ producer: ProducerRequest) {
        let isRegistered = store.producers.withLock { $0.registry.isRegistered(producer.number) }
        guard !isRegistered, producers.registrations[producer.number] == nil else { return }
        if PlantedFault.numberRegisteredLater.isPlanted, producer.sequence == 0 { return }
        frame.append(registrationOf: producer.name, as: producer.number)
        producers.register(producer)
    }

    private mutating func remember(
        _ request: CommitRequest,
        of producer: ProducerRequest,
        at ranges: [AppendedRange]
    ) {
        let sent = request.sent(by: producer)
        let topic = request.appends[0].key.topic
        let durable = store.producers.withLock { $0.topics[topic]?.windows[producer.number] }
        producers.add(sent, at: ranges.map(\.base), of: producer, on: topic, after: durable)
    }

    /// Why a request cannot be stored, whatever its producer says; nil when it can.
    private mutating func refusal(of request: CommitRequest) -> CommitRefusal? {
        guard LogStore.entryBytes(request).value <= frame.room else { return .tooLarge }
        if let topic = request.deletedTopic, deletedTopics.contains(topic) || !store.holds(topic) {
            return .unknownTopic(topic)
        }
        for append in request.appends {
            if deletedTopics.contains(append.key.topic) { return .unknownTopic(append.key.topic) }
            guard let overlay = overlay(of: append.key) else { return .unknownTopic(append.key.topic) }
            if let found = overlay.log.quarantine { return .quarantined(append.key, reason: found.reason) }
        }
        return request.deletedPrefix.flatMap { refusal(of: $0) }
    }

    /// The condition of a request that does not hold, if there is one.
    private mutating func unmetCondition(of request: CommitRequest) -> CommitRefusal? {
        for append in request.appends {
            guard let expected = append.expectedOffset, let end = overlay(of: append.key)?.end, expected != end else {
                continue
            }
            return .expectedOffset(append.key, expected: expected, actual: end)
        }
        return nil
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

    /// Makes everything visible: windows first, so that whoever reads an end finds all before it in them.
    func apply() {
        if !producers.isEmpty { store.producers.withLock { $0.apply(producers, at: now) } }
        for overlay in overlays.values where overlay.isChanged { overlay.apply() }
    }

    /// Every request that would have been stored is refused instead, and with it the duplicates of those.
    func outcomesAfterFailure(_ error: FileError) -> [CommitOutcome] {
        outcomes.enumerated().map { index, outcome in
            switch outcome {
            case .committed: .refused(CommitRefusal(error))
            case .duplicate where duplicatesOfRound.contains(index) && !PlantedFault.duplicateAnsweredEarly.isPlanted:
                .refused(CommitRefusal(error))
            case .duplicate, .refused: outcome
            }
        }
    }
}
