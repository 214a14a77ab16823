import RecordFormat

/// What a round would change of producers.
///
/// It reaches the table only when the round's flush has returned; a refused round drops it.
struct ProducerOverlay {
    /// One producer on one topic.
    struct Key: Hashable {
        let topic: TopicID
        let number: Int64
    }

    /// A window as the round would leave it.
    struct Change {
        var window: ProducerWindow
        /// The partitions that the round's requests touch.
        var partitions: Set<PartitionIndex>
    }

    private(set) var changes: [Key: Change] = [:]
    /// Names whose registration stands in the round's frame.
    private(set) var registrations: [Int64: ProducerName] = [:]
    private var newProducers: [TopicID: Int] = [:]
    private var partDelta = 0

    var isEmpty: Bool { changes.isEmpty && registrations.isEmpty }

    /// What is to be done with a request, those before it in the round included.
    ///
    /// - Returns: the decision, and whether a duplicate's original stands in this round, so that its fate is the round's.
    func decide(
        _ sent: SentRequest,
        of producer: ProducerRequest,
        on topic: TopicID,
        hasGrown: Bool,
        in table: ProducerTable
    ) -> (decision: ProducerWindow.Decision, isOfThisRound: Bool) {
        guard let known = table.topics[topic] else {
            preconditionFailure("a producer's request was queued before the windows of topic \(topic.hex) were loaded")
        }
        guard table.registry.holds(producer.number) else { return (.refuse(.forgotten), false) }
        guard producer.number >= known.knownFrom else { return (.refuse(.stateLost), false) }
        let key = Key(topic: topic, number: producer.number)
        let durable = known.windows[producer.number]
        let window = changes[key]?.window ?? durable
        let decision = ProducerWindow.decide(sent, on: window, hasGrown: hasGrown)
        switch decision {
        case .append:
            let count = known.windows.count + newProducers[topic, default: 0]
            if window == nil, count >= table.limits.perTopicMax {
                return (.refuse(.tooManyProducers(max: table.limits.perTopicMax)), false)
            }
            // A window that is full loses a request for the one that it gains.
            let gain = sent.parts.count - (window.map { ProducerWindow.loss(of: $0, adding: sent) } ?? 0)
            if gain > 0, table.partCount + partDelta + gain > table.limits.partsMax {
                return (.refuse(.tooManyParts(max: table.limits.partsMax)), false)
            }
            return (.append, false)
        case .duplicate:
            return (decision, ProducerWindow.decide(sent, on: durable, hasGrown: hasGrown) != decision)
        case .refuse:
            return (decision, false)
        }
    }

    /// Takes in a request that the round stores.
    ///
    /// - Parameter durable: the producer's window before the round.
    mutating func add(
        _ sent: SentRequest,
        at bases: [Offset],
        of producer: ProducerRequest,
        on topic: TopicID,
        after durable: ProducerWindow?
    ) {
        let key = Key(topic: topic, number: producer.number)
        let before = changes[key]?.window ?? durable
        let window = ProducerWindow.adding(sent, at: bases, to: before)
        if before == nil { newProducers[topic, default: 0] += 1 }
        partDelta += window.partCount - (before?.partCount ?? 0)
        changes[key, default: Change(window: window, partitions: [])].window = window
        changes[key]?.partitions.formUnion(sent.parts.map(\.partition))
    }

    /// Notes that the frame holds a name's registration.
    mutating func register(_ producer: ProducerRequest) {
        registrations[producer.number] = producer.name
    }
}
