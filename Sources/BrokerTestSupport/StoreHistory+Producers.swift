import RecordFormat
import SegmentStore

/// A numbered request is stored once, however often it is sent.
extension StoreHistory {
    /// The offsets of a request's records in one partition.
    struct Place: Hashable, CustomStringConvertible {
        let key: PartitionKey
        let offsets: Range<Int64>

        init(_ key: PartitionKey, _ offsets: Range<Int64>) {
            (self.key, self.offsets) = (key, offsets)
        }

        init(_ range: AppendedRange) {
            self.init(range.key, range.base.value..<range.end.value)
        }

        var description: String { "\(key) \(offsets)" }
    }

    /// Where a request's records are, in the order of its appends; nil when it is not stored.
    func places(of request: ProducerHistory.Request) -> [Place]? {
        var places: [Place] = []
        for append in request.appends {
            guard let first = append.values.first, let index = acknowledged[append.key]?.firstIndex(of: first) else {
                return nil
            }
            places.append(Place(append.key, Int64(index)..<Int64(index + append.values.count)))
        }
        return places
    }

    /// Compares the answer to a numbered request with what is known, and takes over what it tells.
    ///
    /// - Parameter expected: the refusal that is the right answer; nil where the request is to be stored, or found.
    /// - Returns: what is wrong with it; nil when nothing is.
    mutating func judge(
        _ outcome: CommitOutcome,
        of request: ProducerHistory.Request,
        expected: ProducerRefusal? = nil
    ) -> String? {
        let known = places(of: request)
        let text = "request \(request.sequence) of \(request.line.id) in epoch \(request.epoch)"
        switch outcome {
        case .duplicate(let ranges):
            let told = ranges.map { Place($0) }
            guard known != told else { return expected == nil ? nil : "\(text) is found, and not refused" }
            return "\(text) is said to be stored at \(told), and is at \(known ?? [])"
        case .committed(let ranges):
            let told = ranges.map { Place($0) }
            acknowledge(request.appends)
            for append in request.appends { cut.subtract(append.values) }
            if let known { return "\(text) is stored at \(known), and now at \(told) too" }
            if let expected { return "\(text) is stored, and not refused: \(expected)" }
            return places(of: request) == told ? nil : "\(text) is said to be stored at \(told)"
        case .refused(let refusal):
            if known == nil { refuse(request.appends) }
            if let expected, case .producer(expected) = refusal { return nil }
            return "\(text) is refused: \(refusal)"
        }
    }

    /// Sends the last request of every producer again, and the oldest that a store must remember.
    ///
    /// The store has just been compared with the history: so it is known which of them are stored.
    /// - Returns: what is wrong; empty when nothing is.
    mutating func retryRequests(at store: LogStore) -> [StoreFlaw] {
        do throws(StorageError) {
            return try retry(at: store).map { StoreFlaw(.wrongRetry, $0) }
        } catch {
            return [StoreFlaw(.wrongRetry, "the retries of producers fail: \(error)")]
        }
    }

    private mutating func retry(at store: LogStore) throws(StorageError) -> [String] {
        var requests: [ProducerHistory.Request] = []
        var commits: [CommitRequest] = []
        var flaws: [String] = []
        for line in producers.lines where topics[line.topic] != nil {
            let sent = producers.sent[line] ?? []
            for request in sent.count > 1 ? [sent[0], sent[sent.count - 1]] : sent {
                switch try request.made(for: store) {
                case .request(let commit):
                    requests.append(request)
                    commits.append(commit)
                case .refused(let refusal):
                    flaws.append("request \(request.sequence) of \(line.id) gets no number: \(refusal)")
                }
            }
        }
        guard !commits.isEmpty else { return flaws }
        for (request, outcome) in zip(requests, try store.commit(commits)) {
            if let flaw = judge(outcome, of: request) { flaws.append(flaw) }
        }
        return flaws
    }
}
