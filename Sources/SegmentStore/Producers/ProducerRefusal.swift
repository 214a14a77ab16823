/// Why a producer's request was refused; nothing of it was stored by this attempt.
public enum ProducerRefusal: Hashable, Sendable {
    /// A later epoch of the producer is in force.
    case fenced(current: Int16)
    /// The topic does not know the producer, and the sequence is not 0: what it stored before, if anything, is forgotten.
    case unknownProducer
    /// The sequence is not the next one, which is 0 in a new epoch; it was never stored.
    case sequenceGap(expected: Int32)
    /// The sequence was used for other records.
    case contentDiffers
    /// The sequence lies before the requests that are remembered: it was stored, and its offsets are not known any more.
    case beforeWindow(oldest: Int32)
    /// The sequence was used before the topic got more partitions, and its records would go elsewhere now: whether they are
    /// the same cannot be told.
    case routedDifferently
    /// What the producer stored on the topic was lost with damaged files.
    case stateLost
    /// The producer was forgotten while the request was on its way.
    case forgotten
    /// No more producers are remembered, in all or on the topic.
    case tooManyProducers(max: Int)
    /// The windows of all producers hold as much as they may.
    case tooManyParts(max: Int)
}
