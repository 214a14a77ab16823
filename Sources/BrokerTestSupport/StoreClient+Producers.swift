import RecordFormat
import SegmentStore
import SystemPackage

/// Producers that number their requests.
extension StoreClient {
    /// What some producer does: mostly its next request, sometimes one that it sent before, or one that must be refused.
    func produce() throws(StorageError) {
        guard let line = someLine() else { return }
        switch below(10) {
        case ..<5: try sendNext(as: line)
        case 5: try sendTwice(as: line)
        case 6: try sendWithoutRoom(as: line)
        case ..<9: try repeatRequest(of: line)
        default: try sendWrongly(as: line)
        }
    }

    /// The request that the producer does not know the fate of, or a new one.
    func sendNext(as line: ProducerHistory.Line) throws(StorageError) {
        try commit([next(of: line)])
    }

    /// The answer did not come in time: the retry is queued behind the original, and both are in one round.
    private func sendTwice(as line: ProducerHistory.Line) throws(StorageError) {
        let request = next(of: line)
        try commit([request, request])
    }

    /// A round, with a retry in it, whose segment cannot be written: all of it is refused.
    func sendWithoutRoom(as line: ProducerHistory.Line) throws(StorageError) {
        let request = next(of: line)
        let written = ByteCount(below(200))
        fileSystem.plan(.shortWrite(written, .noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(".log") }
        defer { fileSystem.forgetRules() }
        try expectingRefusals { () throws(StorageError) in
            try commit([request, request], isWithoutRoom: true)
        }
    }

    private func someLine() -> ProducerHistory.Line? {
        guard let topic = someTopic(), let known = history.topics[topic], !known.isCompacted, !known.hasGrown else {
            return nil
        }
        return ProducerHistory.Line(topic: topic, id: "p\(below(3))")
    }

    private func lastRequest(of line: ProducerHistory.Line) -> ProducerHistory.Request? {
        history.producers.sent[line]?.last
    }

    private func isStored(_ request: ProducerHistory.Request) -> Bool { history.places(of: request) != nil }

    /// The request that a producer does not know the fate of; or a new one, now and then the first of a new epoch.
    private func next(of line: ProducerHistory.Line) -> ProducerHistory.Request {
        let last = lastRequest(of: line)
        if let last, !isStored(last) { return last }
        let (epoch, sequence) = last.map { ($0.epoch, $0.sequence + 1) } ?? (0, 0)
        return chance(percent: 10) ? request(of: line, epoch + 1, 0) : request(of: line, epoch, sequence)
    }

    /// New records for one or two partitions.
    ///
    /// - Parameter partition: the only one, if it is not left to chance.
    func request(
        of line: ProducerHistory.Line,
        _ epoch: Int16,
        _ sequence: Int32,
        partition: PartitionIndex? = nil
    ) -> ProducerHistory.Request {
        let count = history.topics[line.topic]?.partitionCount ?? 1
        let first = partition ?? PartitionIndex(Int32(below(Int(count))))
        let isWide = partition == nil && count > 1 && chance(percent: 40)
        let partitions = isWide ? [first, PartitionIndex((first.value + 1) % count)] : [first]
        let appends = partitions.map { partition in
            append(to: PartitionKey(topic: line.topic, partition: partition), count: 1 + below(2))
        }
        return ProducerHistory.Request(line: line, epoch: epoch, sequence: sequence, appends: appends)
    }

    /// One of the last requests again: its first offsets are answered.
    private func repeatRequest(of line: ProducerHistory.Line) throws(StorageError) {
        let sent = history.producers.sent[line] ?? []
        guard !sent.isEmpty else { return try commit([next(of: line)]) }
        try commit([sent[below(sent.count)]])
    }

    /// A gap, other records under a sequence that is taken, or an epoch of before.
    private func sendWrongly(as line: ProducerHistory.Line) throws(StorageError) {
        guard let last = lastRequest(of: line), isStored(last) else { return try commit([next(of: line)]) }
        switch below(3) {
        case 0:
            let gap = request(of: line, last.epoch, last.sequence + 2)
            try commit([gap], expected: .sequenceGap(expected: last.sequence + 1))
        case 1:
            let other = request(of: line, last.epoch, last.sequence)
            let hasGrown = history.topics[line.topic]?.hasGrown == true
            try commit([other], expected: hasGrown ? .routedDifferently : .contentDiffers)
        default:
            guard last.epoch > 0 else { return try commit([next(of: line)]) }
            try commit([request(of: line, last.epoch - 1, last.sequence + 1)], expected: .fenced(current: last.epoch))
        }
    }

    /// Commits requests as one round, and compares the answers with what they must be.
    ///
    /// - Parameter expected: the refusal that all of them must meet.
    func commit(
        _ requests: [ProducerHistory.Request],
        expected: ProducerRefusal? = nil,
        isWithoutRoom: Bool = false
    ) throws(StorageError) {
        var commits: [CommitRequest] = []
        for request in requests {
            switch try request.made(for: store) {
            case .request(let commit): commits.append(commit)
            case .refused(let refusal):
                return noteWrong("request \(request.sequence) of \(request.line.id) gets no number: \(refusal)")
            }
        }
        change { history in
            if expected == nil { for request in requests { history.producers.note(request) } }
            let isNew = expected == nil && requests.first.map { history.places(of: $0) == nil } == true
            history.committing = isNew ? requests.prefix(1).map(\.appends) : []
        }
        note()
        let outcomes = try store.commit(commits)
        change { $0.committing = [] }
        for (request, outcome) in zip(requests, outcomes) {
            judge(outcome, of: request, expected, isWithoutRoom: isWithoutRoom)
        }
    }

    private func judge(
        _ outcome: CommitOutcome,
        of request: ProducerHistory.Request,
        _ expected: ProducerRefusal?,
        isWithoutRoom: Bool
    ) {
        var flaw: String?
        change { flaw = $0.judge(outcome, of: request, expected: expected) }
        if isWithoutRoom, case .refused(.noSpace) = outcome { return }
        if let flaw { noteWrong(flaw) }
    }

    /// Notes an answer that is wrong whatever was made to fail.
    private func noteWrong(_ text: String) {
        change { history in
            if history.failure == nil { history.failure = text }
        }
    }
}
