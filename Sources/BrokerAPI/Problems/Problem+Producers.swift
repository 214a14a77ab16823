import BrokerCore
import HTTPTypes

extension Problem {
    /// Refusals by what a topic remembers of a producer.
    ///
    /// `noSideEffects` speaks of the request as its producer means it, earlier attempts included: it is true only where none
    /// of them can have been stored.
    static func mapProducers(_ error: BrokerError) -> Problem {
        switch error {
        case .producerFenced(let current):
            Problem(
                .producerFenced,
                "epoch \(current) of the producer is in force: another one has taken over; stop, or begin a higher epoch at 0",
                members: [Member("epoch", .integer(Int64(current)))],
                headers: [.producerEpoch: String(current)]
            )
        case .producerUnknown(let received):
            gap(
                expected: 0,
                received: received,
                "the topic does not know this producer, or has forgotten it: nobody can tell whether request \(received)"
                    + " was stored before; read the topic if that matters, and begin at Producer-Seq 0",
                isNew: false
            )
        case .producerSequenceGap(let expected, let received):
            gap(
                expected: expected,
                received: received,
                "Producer-Seq \(received) is not the next one, which is \(expected): send the requests in between first",
                isNew: true
            )
        case .producerSequenceReused(let sequence):
            Problem(
                .idempotencyKeyReused,
                "Producer-Seq \(sequence) was used for other records, which are stored; send these under the next one",
                members: [Member("received", .integer(Int64(sequence)))]
            )
        case .producerDuplicateUnknown(let text):
            Problem(.duplicateUnknown, text, hasNoSideEffects: false)
        case .tooManyProducers(let text):
            Problem(.tooManyProducers, text, headers: [.retryAfter: "60"])
        default:
            preconditionFailure("\(error) is no refusal of a producer")
        }
    }

    private static func gap(expected: Int32, received: Int32, _ detail: String, isNew: Bool) -> Problem {
        Problem(
            .producerSequenceGap,
            detail,
            members: [
                Member("expected", .integer(Int64(expected))), Member("received", .integer(Int64(received))),
            ],
            headers: [.producerExpectedSeq: String(expected), .producerReceivedSeq: String(received)],
            hasNoSideEffects: isNew
        )
    }
}
