import BrokerCore
import HTTPTypes
import RecordFormat

/// The one place where errors of the engine become answers.
extension Problem {
    /// The answer to an error that a handler threw.
    init(mapping error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as BrokerError: self.init(error)
        case let error as NameError: self = .invalidRequest(error.description)
        default:
            self.init(
                .internalError,
                "the broker failed in a way that it did not foresee; its log says more",
                hasNoSideEffects: false
            )
        }
    }

    /// The answer when new records cannot be compressed: zlib had no memory.
    init(compressing error: FormatError) {
        self.init(.internalError, "the records could not be compressed, and nothing was stored: \(error)")
    }

    /// The answer when the records of a stored batch cannot be read: a codec that this broker has not, or damage.
    init(reading batch: RecordBatch, of partition: TopicPartition, _ error: any Error) {
        if let error = error as? FormatError, error.kind == .codec {
            self.init(.notImplemented, "\(partition) cannot be read at offset \(batch.baseOffset): \(error.text)")
        } else {
            self.init(.corrupt, "\(partition) is damaged in the batch at offset \(batch.baseOffset): \(error)")
        }
    }

    /// The answer to a refusal of the engine.
    init(_ error: BrokerError) {
        switch error {
        case .topicNotFound(let topic): self = .topicNotFound(topic)
        case .partitionNotFound(let partition, let count): self = .partitionNotFound(partition, count: count)
        case .topicDiffers(let topic, let details):
            self.init(
                .conflict,
                "the topic \(topic) is there with other settings: \(details)",
                members: [Member("differs", .string(details))]
            )
        case .topicCannotChange(let topic, let reason):
            self.init(.conflict, "the topic \(topic) cannot be changed so: \(reason)")
        case .topicReplaced(let topic):
            self.init(
                .cursorEpochChanged,
                "the topic \(topic) was deleted and created anew since this cursor was made; start from earliest"
            )
        case .nameReserved(let name):
            self = .invalidRequest("the name \"\(Self.shown(name))\" is the broker's own")
        case .invalid(let text): self = .invalidRequest(text)
        case .offsetOutOfRange(let partition, let asked, let logStart, let visible):
            self = .offsetOutOfRange(partition, asked: asked, logStart: logStart, visible: visible)
        case .tooManyPartitions(let count, let max):
            self.init(
                .tooManyPartitions,
                "one read covers at most \(max) partitions, not \(count); read them in parts",
                members: [Member("max", .integer(Int64(max)))]
            )
        default: self = Self.mapLoad(error)
        }
    }

    /// Errors of load, storage and the broker's life.
    private static func mapLoad(_ error: BrokerError) -> Problem {
        switch error {
        case .requestTooLarge(let bytes, let max):
            Problem(
                .requestTooLarge,
                "the records take \(bytes), and one atomic write holds \(max); send them in parts",
                members: [Member("maxBytes", .integer(Int64(max.value)))]
            )
        case .queueFull(let milliseconds):
            Problem(
                .quotaExceeded,
                "the append queue is full; try again in \(milliseconds) ms",
                members: [Member("retryAfterMs", .integer(milliseconds))],
                headers: [.retryAfter: String((milliseconds + 999) / 1000)]
            )
        case .insufficientStorage(let text, let milliseconds):
            Problem(
                .insufficientStorage,
                "the volume is full and nothing was stored: \(text); reading and deleting go on, and writing when there is room",
                members: [Member("retryAfterMs", .integer(milliseconds))],
                headers: [.retryAfter: String((milliseconds + 999) / 1000)]
            )
        case .expectedOffset(let partition, let expected, let actual):
            Problem(
                .preconditionFailed,
                "\(partition) ends at \(actual), not at \(expected)",
                members: [Member("expected", .integer(expected.value)), Member("actual", .integer(actual.value))]
            )
        case .quarantined(let partition, let reason):
            Problem(.partitionQuarantined, "\(partition) is set aside, since its files are damaged: \(reason)")
        case .storageRefused(let text):
            Problem(.storageStalled, "the storage refused the write and nothing was stored: \(text)")
        case .corrupt(let text): Problem(.corrupt, text)
        case .damaged(let place, let from, let to, let text):
            Problem(
                .corrupt,
                text,
                members: [
                    Member("topic", .string(place.topic.name)),
                    Member("partition", .integer(Int64(place.partition.value))),
                    Member("from", .integer(from.value)), Member("to", .integer(to.value)),
                ]
            )
        case .outcomeUnknown(let text):
            Problem(
                .outcomeUnknown,
                "the storage failed after the write began; the request may be stored or not: \(text)",
                members: [Member("outcome", .string("unknown"))],
                hasNoSideEffects: false
            )
        case .draining: .draining
        case .producerFenced, .producerUnknown, .producerSequenceGap, .producerSequenceReused,
            .producerDuplicateUnknown, .tooManyProducers:
            mapProducers(error)
        case .unsupported(let text): Problem(.notImplemented, text)
        default: mapCollections(error)
        }
    }

    /// A topic that does not exist, and the request that creates it.
    ///
    /// - Parameter settings: with which it is what was asked for, as JSON.
    static func topicNotFound(_ topic: TopicName, settings: String = #"{"partitions":1}"#) -> Problem {
        let path =
            topic.namespace == .default
            ? "/v1/topics/\(topic.name)" : "/v1/namespaces/\(topic.namespace)/topics/\(topic.name)"
        return Problem(
            .topicNotFound,
            "the topic \(topic) does not exist, and topics are not created by use; create it with "
                + "PUT \(path) \(settings)",
            members: [
                Member("topic", .string(topic.name)),
                Member(
                    "create",
                    .object([
                        Member("method", .string("PUT")), Member("path", .string(path)),
                        Member("body", .string(settings)),
                    ])
                ),
            ]
        )
    }

    /// A partition beyond the topic's last.
    static func partitionNotFound(_ partition: TopicPartition, count: Int32) -> Problem {
        Problem(
            .partitionNotFound,
            "the topic \(partition.topic) has the partitions 0 to \(count - 1), not \(partition.partition)",
            members: [Member("partitions", .integer(Int64(count)))]
        )
    }

    /// An offset that is not kept any more (410) or not there yet (416).
    static func offsetOutOfRange(
        _ partition: TopicPartition,
        asked: Offset,
        logStart: Offset,
        visible: Offset
    ) -> Problem {
        let members = [Member("earliest", .integer(logStart.value)), Member("tail", .integer(visible.value))]
        guard asked > visible else {
            return Problem(
                .cursorExpired,
                "\(partition) begins at offset \(logStart); \(asked) is no longer kept, start from earliest",
                members: members
            )
        }
        return Problem(
            .offsetBeyondTail,
            "\(partition) ends at offset \(visible), before \(asked)",
            members: members
        )
    }

    /// A range that cannot be read any more, where the reader asked for an error rather than a gap.
    static func expired(_ gap: ReadResult.Gap) -> Problem {
        if gap.reason == .damage {
            let text =
                "offsets \(gap.from) to \(gap.to.advanced(by: -1)) of \(gap.partition) are damaged; go on at \(gap.to)"
            return Problem(BrokerError.damaged(gap.partition, from: gap.from, to: gap.to, text))
        }
        return offsetOutOfRange(gap.partition, asked: gap.from, logStart: gap.to, visible: gap.to)
    }
}
