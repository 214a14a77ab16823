import BenchSupport

/// Compares the final log with what the producers were told and what the watcher was shown.
///
/// Every request that was acknowledged is there once, at the offsets of its answer; one that nobody answered is there once
/// or not at all, as a whole; a refused one is not there. Offsets are dense, each producer's requests stand in their
/// order in every partition, and nothing that a consumer was shown is absent.
struct HistoryCheck {
    private typealias Spot = (partition: Int, offset: Int64)

    private let history: History
    private let entries: [UInt64: History.Entry]
    /// By partition, by offset.
    private var log: [[Payload.Identity]] = []
    private var spots: [UInt64: [Int: Spot]] = [:]
    private(set) var storedUnknown = 0
    private(set) var stored = 0

    init(_ history: History) {
        self.history = history
        entries = history.all
    }

    var records: Int { log.reduce(0) { $0 + $1.count } }

    mutating func run(port: UInt16, shown: [Int: [Int64: Payload.Identity]]) throws {
        for (partition, facts) in try Client(port: port).partitions(history.topic).enumerated() {
            try read(partition, facts, port)
        }
        for entry in entries.values { try check(entry) }
        for partition in log.indices { try checkOrder(partition) }
        try checkShown(shown)
    }

    private mutating func read(_ partition: Int, _ facts: PartitionFacts, _ port: UInt16) throws {
        var identities: [Payload.Identity] = []
        let reader = PartitionReader(port: port, topic: history.topic, partition: partition)
        try reader.forEach(from: 0) { record in
            let place = "partition \(partition) offset \(record.offset)"
            guard record.offset == identities.count else {
                throw Violation("\(place) comes where \(identities.count) is next")
            }
            guard let identity = Payload.identity(of: record.value),
                record.value.elementsEqual(history.payload.value(of: identity) ?? [])
            else { throw Violation("\(place): not a record of this run") }
            if let other = spots[identity.request]?[identity.index] {
                throw Violation(
                    "\(identity) is stored twice: \(place), and partition \(other.partition) at \(other.offset)"
                )
            }
            spots[identity.request, default: [:]][identity.index] = (partition, record.offset)
            identities.append(identity)
        }
        guard facts.start == 0, facts.end == identities.count else {
            throw Violation("partition \(partition): \(identities.count) records of \(facts.start)..<\(facts.end)")
        }
        log.append(identities)
    }

    private mutating func check(_ entry: History.Entry) throws {
        let number = entry.request.number
        let found = spots.removeValue(forKey: number) ?? [:]
        let text = "request \(number) of producer \(entry.request.producer)"
        switch entry.outcome {
        case .refused:
            guard found.isEmpty else { throw Violation("\(text) was refused, and \(found.count) records are stored") }
        case .unknown:
            guard found.isEmpty || found.count == entry.request.routing.count else {
                throw Violation("\(text) is stored in part: \(found.count) of \(entry.request.routing.count)")
            }
            if !found.isEmpty {
                storedUnknown += 1
                try checkTogether(found, text)
            }
        case .stored(let ranges):
            stored += 1
            guard found.count == entry.request.routing.count else {
                throw Violation(
                    "\(text) was acknowledged, and \(found.count) of \(entry.request.routing.count) are there"
                )
            }
            try checkTogether(found, text)
            guard Self.ranges(of: found) == ranges else {
                throw Violation("\(text) was acknowledged in \(ranges), and stands in \(Self.ranges(of: found))")
            }
        }
    }

    /// In each partition a request's records follow each other, in its order.
    private func checkTogether(_ found: [Int: Spot], _ text: String) throws {
        var last: [Int: Int64] = [:]
        for index in found.keys.sorted() {
            guard let spot = found[index] else { continue }
            if let before = last[spot.partition], before + 1 != spot.offset {
                throw Violation("\(text) is not together in partition \(spot.partition): \(before), \(spot.offset)")
            }
            last[spot.partition] = spot.offset
        }
    }

    private static func ranges(of found: [Int: Spot]) -> [Int: Range<Int64>] {
        Dictionary(grouping: found.values, by: \.partition).mapValues { spots in
            let offsets = spots.map(\.offset)
            return (offsets.min() ?? 0)..<((offsets.max() ?? -1) + 1)
        }
    }

    /// A producer's requests stand in the order in which it sent them.
    private func checkOrder(_ partition: Int) throws {
        var last: [Int: UInt64] = [:]
        for (offset, identity) in log[partition].enumerated() {
            guard let entry = entries[identity.request] else {
                throw Violation("partition \(partition) offset \(offset): \(identity) was never sent")
            }
            // Without sequences a request that was given up may arrive after the one that came next.
            if !history.isIdempotent, case .unknown = entry.outcome { continue }
            let producer = entry.request.producer
            if let before = last[producer], before > identity.request {
                throw Violation("partition \(partition): request \(before) stands before \(identity.request)")
            }
            last[producer] = identity.request
        }
    }

    private func checkShown(_ shown: [Int: [Int64: Payload.Identity]]) throws {
        for (partition, records) in shown {
            for (offset, identity) in records {
                guard partition < log.count, offset < log[partition].count, log[partition][Int(offset)] == identity
                else {
                    throw Violation(
                        "a consumer was shown \(identity) in partition \(partition) at \(offset); it is absent"
                    )
                }
            }
        }
    }
}
