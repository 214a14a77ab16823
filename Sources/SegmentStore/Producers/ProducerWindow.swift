import RecordFormat

/// The last requests of one producer on one topic: what tells a new request from a duplicate.
///
/// A pure value. The round keeps a changed copy to itself until its flush has returned.
struct ProducerWindow: Hashable, Sendable {
    /// How many requests are remembered.
    static let requestsMax = 5

    private(set) var epoch: Int16
    /// Of consecutive sequences, in order; never empty.
    private(set) var requests: [RememberedRequest]

    /// What is to be done with a request.
    enum Decision: Hashable {
        /// It is new, and the next one.
        case append
        /// It is stored already, here, in the order of its parts.
        case duplicate([StoredSpan])
        case refuse(ProducerRefusal)
    }

    /// Where a part of a request was stored.
    struct StoredSpan: Hashable {
        let base: Offset
        let end: Offset
    }

    /// A window that begins with a request.
    init(epoch: Int16, requests: [RememberedRequest]) {
        precondition(!requests.isEmpty, "a producer's window without a request")
        self.epoch = epoch
        self.requests = requests
    }

    /// How many parts the window holds.
    var partCount: Int { requests.reduce(0) { $0 + $1.parts.count } }

    /// Decides what a request is.
    ///
    /// - Parameter window: what the topic remembers of the producer; nil when it does not know it.
    /// - Parameter hasGrown: whether the topic has more partitions than it was created with, so that the same records may
    ///   be routed otherwise than they were.
    static func decide(_ sent: SentRequest, on window: ProducerWindow?, hasGrown: Bool) -> Decision {
        guard let window else {
            // Whoever is not known begins at 0: were any sequence accepted, a producer whose window was lost could store
            // a retry a second time.
            return sent.sequence == 0 ? .append : .refuse(.unknownProducer)
        }
        if sent.epoch > window.epoch { return sent.sequence == 0 ? .append : .refuse(.sequenceGap(expected: 0)) }
        guard sent.epoch == window.epoch else { return .refuse(.fenced(current: window.epoch)) }
        return window.decide(sent, hasGrown: hasGrown)
    }

    private func decide(_ sent: SentRequest, hasGrown: Bool) -> Decision {
        let first = requests[0].sequence
        let last = first + Int32(requests.count - 1)
        if sent.sequence < first { return .refuse(.beforeWindow(oldest: first)) }
        if sent.sequence <= last {
            let stored = requests[Int(sent.sequence - first)]
            if let spans = stored.spans(matching: sent) { return .duplicate(spans) }
            return .refuse(hasGrown ? .routedDifferently : .contentDiffers)
        }
        // Not `last + 1`, which may overflow: nothing follows the last sequence.
        return sent.sequence - 1 == last ? .append : .refuse(.sequenceGap(expected: last + 1))
    }

    /// The window after a request was stored.
    ///
    /// - Precondition: `decide` said so.
    /// - Parameter bases: where its parts begin, in their order.
    static func adding(_ sent: SentRequest, at bases: [Offset], to window: ProducerWindow?) -> ProducerWindow {
        let stored = RememberedRequest(sent, at: bases)
        guard var window, window.epoch == sent.epoch else {
            return ProducerWindow(epoch: sent.epoch, requests: [stored])
        }
        if window.requests.count == requestsMax { window.requests.removeFirst() }
        window.requests.append(stored)
        return window
    }

    /// How many parts a window loses when a request is added to it.
    static func loss(of window: ProducerWindow, adding sent: SentRequest) -> Int {
        if sent.epoch != window.epoch { return window.partCount }
        return window.requests.count == requestsMax ? window.requests[0].parts.count : 0
    }
}

/// A request as its producer sent it.
struct SentRequest: Hashable, Sendable {
    let epoch: Int16
    let sequence: Int32
    let parts: [Part]

    /// What goes to one partition.
    struct Part: Hashable, Sendable {
        let partition: PartitionIndex
        let count: Int32
        let checksum: UInt32
    }
}

/// A request that was stored.
struct RememberedRequest: Hashable, Sendable {
    let sequence: Int32
    /// By partition.
    let parts: [Part]

    /// What went to one partition: `count` records from `base` on.
    struct Part: Hashable, Sendable {
        let partition: PartitionIndex
        let base: Offset
        let count: Int32
        let checksum: UInt32
    }

    init(sequence: Int32, parts: [Part]) {
        self.sequence = sequence
        self.parts = parts.sorted { $0.partition < $1.partition }
    }

    init(_ sent: SentRequest, at bases: [Offset]) {
        precondition(bases.count == sent.parts.count, "\(bases.count) offsets for \(sent.parts.count) parts")
        let parts = zip(sent.parts, bases).map { part, base in
            Part(partition: part.partition, base: base, count: part.count, checksum: part.checksum)
        }
        self.init(sequence: sent.sequence, parts: parts)
    }

    /// Where the parts of a request are stored, if it is this one: the same partitions, counts and contents.
    func spans(matching sent: SentRequest) -> [ProducerWindow.StoredSpan]? {
        guard sent.parts.count == parts.count else { return nil }
        var spans: [ProducerWindow.StoredSpan] = []
        spans.reserveCapacity(parts.count)
        for wanted in sent.parts {
            guard let part = part(of: wanted.partition), part.count == wanted.count, part.checksum == wanted.checksum
            else { return nil }
            spans.append(.init(base: part.base, end: part.base.advanced(by: Int(part.count))))
        }
        return spans
    }

    /// The part of a partition, found by halving: a request may touch thousands, and the journal thread asks.
    func part(of partition: PartitionIndex) -> Part? {
        var range = 0..<parts.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if parts[middle].partition == partition { return parts[middle] }
            range =
                parts[middle].partition < partition ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return nil
    }
}
