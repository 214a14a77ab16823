import RecordFormat
import SegmentStore

extension BrokerError {
    /// Whether a read that failed so may succeed later: no descriptor was free, say.
    public var mayPass: Bool {
        if case .storageRefused = self { true } else { false }
    }

    /// What a failed read of a partition is to the outside.
    init(_ error: StorageError, partition: TopicPartition) {
        switch error {
        case .offsetOutOfRange(let asked, let logStart, let visible):
            self = .offsetOutOfRange(partition, asked: asked, logStart: logStart, visible: visible)
        case .hole(let hole):
            self = .damaged(partition, from: hole.from, to: hole.to, "\(partition): \(error)")
        case .corrupt:
            self = .corrupt("\(partition): \(error)")
        case .deleted:
            self = .topicReplaced(partition.topic)
        default:
            self = .storageRefused("\(partition): \(error)")
        }
    }

    /// What a refused commit is to the outside; nothing was stored.
    init(_ refusal: CommitRefusal, targets: [Partition]) {
        func name(_ key: PartitionKey) -> TopicPartition? {
            targets.first { $0.key == key }?.identity
        }
        switch refusal {
        case .unknownTopic(let id):
            guard let topic = targets.first(where: { $0.key.topic == id })?.identity.topic else {
                self = .storageRefused("the topic \(id.hex) is gone")
                return
            }
            self = .topicNotFound(topic)
        case .expectedOffset(let key, let expected, let actual):
            guard let partition = name(key) else {
                self = .storageRefused("\(key) ends at \(actual), not at \(expected)")
                return
            }
            self = .expectedOffset(partition, expected: expected, actual: actual)
        case .prefixBeyondEnd(let key, let asked, let logStart, let end):
            guard let partition = name(key) else {
                self = .storageRefused("\(key) ends at \(end), before \(asked)")
                return
            }
            self = .offsetOutOfRange(partition, asked: asked, logStart: logStart, visible: end)
        case .quarantined(let key, let reason):
            guard let partition = name(key) else {
                self = .storageRefused("\(key) is quarantined: \(reason)")
                return
            }
            self = .quarantined(partition, reason: reason)
        case .noSpace(let text):
            self = .insufficientStorage(text, retryAfterMilliseconds: AppendLimits.fullRetryAfterMilliseconds)
        case .writeFailed(let text):
            self = .storageRefused(text)
        case .tooLarge:
            self = .storageRefused("the request does not fit a journal frame")
        case .producer(let refusal):
            // A request with a producer is answered by Broker+Append, which knows the sequence.
            self = .storageRefused("the producer's window refused: \(refusal)")
        }
    }

    /// What an unsuccessful append is to the outside; nil when it was stored.
    init?(_ resolution: AppendResolution, targets: [Partition]) {
        switch resolution {
        case .stored, .duplicate: return nil
        case .refused(let refusal): self.init(refusal, targets: targets)
        case .superseded: self = .storageRefused("an earlier write of the same groups was refused; try again")
        case .notWritten(let reason): self = .storageRefused("nothing was stored: \(reason)")
        case .outcomeUnknown(let reason): self = .outcomeUnknown(reason)
        }
    }
}
