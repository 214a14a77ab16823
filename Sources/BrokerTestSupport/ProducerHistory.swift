public import RecordFormat
import SegmentStore

/// What a client of a store knows of the requests that its producers numbered.
///
/// A request is stored if its values are among the acknowledged ones; so all that is noted here is what was sent.
public struct ProducerHistory: Sendable {
    /// One producer on one topic.
    public struct Line: Hashable, Sendable {
        /// The topic.
        public let topic: TopicID
        /// The name that the producer gave itself.
        public let id: String
    }

    /// A request as it was sent, and is sent again.
    public struct Request: Hashable, Sendable {
        /// Who sends it, and where to.
        public let line: Line
        /// The producer's epoch.
        public let epoch: Int16
        /// The request's number.
        public let sequence: Int32
        /// What is to be stored, each append in another partition.
        public let appends: [StoreHistory.Append]
    }

    /// How many requests a store remembers of a producer on a topic.
    static let windowMax = 5

    /// What each sent in its newest epoch, the last ones, in order; of the last one it may not know what became of it.
    private(set) var sent: [Line: [Request]] = [:]

    /// Whether no producer has sent anything.
    var isEmpty: Bool { sent.isEmpty }

    /// All producers, in a fixed order.
    var lines: [Line] {
        sent.keys.sorted { ($0.topic.hex, $0.id) < ($1.topic.hex, $1.id) }
    }

    /// Notes a request that is being sent, unless it was sent before: a repetition does not make it the newest.
    mutating func note(_ request: Request) {
        guard sent[request.line]?.contains(request) != true else { return }
        var requests = sent[request.line] ?? []
        if requests.last?.epoch != request.epoch { requests = [] }
        sent[request.line] = (requests + [request]).suffix(Self.windowMax)
    }

    mutating func forget(_ topic: TopicID) {
        for line in sent.keys where line.topic == topic { sent[line] = nil }
    }
}

extension ProducerHistory.Request {
    /// The name of the producer.
    var name: ProducerName { ProducerName(namespace: .default, principal: "anonymous", id: line.id) }

    /// The request for a store, with the number that the store knows the producer by.
    /// - Returns: the refusal of a store that does not know the producer.
    func made(for store: LogStore) throws(StorageError) -> Made {
        if !store.hasLoadedProducers(of: line.topic) { try store.loadProducers(of: line.topic) }
        switch store.producerNumber(of: name, sequence: sequence) {
        case .refused(let refusal):
            return .refused(refusal)
        case .number(let number):
            let appends = appends.map {
                PartitionAppend(key: $0.key, batches: [StoreWorkload.batch($0.values, at: $0.timestamp)])
            }
            do throws(FormatError) {
                return .request(
                    try CommitRequest(
                        appends: appends,
                        producer: name,
                        number: number,
                        epoch: epoch,
                        sequence: sequence
                    )
                )
            } catch {
                preconditionFailure("a batch of the workload's own cannot be walked: \(error)")
            }
        }
    }

    /// What became of the making of a request.
    enum Made {
        case request(CommitRequest)
        case refused(ProducerRefusal)
    }
}
