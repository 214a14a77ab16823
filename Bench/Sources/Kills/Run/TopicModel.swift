import BenchSupport
import Synchronization

/// What is known of a topic from outside: which record stands at which offset, and which requests nobody answered.
final class TopicModel: Sendable {
    /// How records may go away.
    enum Cleanup: Sendable {
        /// Never.
        case none
        /// From the front, but never below this size of a partition.
        case retention(bytes: Int64)
        /// All but the last of a key.
        case compaction
    }

    struct State {
        /// By partition, by offset: the record that was acknowledged there.
        var known: [[Payload.Identity?]]
        /// Requests without an answer, which may be stored or not.
        var open: [UInt64: SentRequest] = [:]
        /// The furthest start of each partition that was seen.
        var starts: [Int64]
        /// By partition: offsets that a compaction was seen to have removed.
        var removed: [Set<Int64>]
        var acknowledged = 0
    }

    let name: String
    let payload: Payload
    let cleanup: Cleanup
    let state: Mutex<State>

    init(name: String, partitionCount: Int, payload: Payload, cleanup: Cleanup) {
        self.name = name
        self.payload = payload
        self.cleanup = cleanup
        state = Mutex(
            State(
                known: Array(repeating: [], count: partitionCount),
                starts: Array(repeating: 0, count: partitionCount),
                removed: Array(repeating: [], count: partitionCount)
            )
        )
    }

    var partitionCount: Int { state.withLock { $0.known.count } }

    /// A request goes out.
    func sent(_ request: SentRequest) {
        state.withLock { $0.open[request.number] = request }
    }

    /// The broker has refused it, and nothing of it is stored.
    func refused(_ request: SentRequest) {
        state.withLock { $0.open[request.number] = nil }
    }

    /// The broker has stored it: from these offsets on.
    func acknowledged(_ request: SentRequest, _ bases: [Int: Int64]) throws {
        try state.withLock { state in
            state.open[request.number] = nil
            state.acknowledged += request.partitions.count
            for (partition, base) in bases {
                for (place, index) in request.indexes(in: partition).enumerated() {
                    let identity = Payload.Identity(request: request.number, index: index)
                    try state.learn(identity, partition, base + Int64(place))
                }
            }
        }
    }
}

extension TopicModel.State {
    /// Notes what stands at an offset; no offset ever names two records.
    mutating func learn(_ identity: Payload.Identity, _ partition: Int, _ offset: Int64) throws {
        let missing = Int(offset) + 1 - known[partition].count
        if missing > 0 { known[partition].append(contentsOf: repeatElement(nil, count: missing)) }
        if let other = known[partition][Int(offset)], other != identity {
            throw Violation(
                "partition \(partition) offset \(offset) was \(other), and was given to \(identity) as well"
            )
        }
        known[partition][Int(offset)] = identity
    }
}

/// The broker broke a promise.
struct Violation: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
