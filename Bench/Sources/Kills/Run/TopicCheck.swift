import BenchSupport

/// Compares what a broker has of a topic with what is known of it; nobody produces meanwhile.
///
/// Every acknowledged record is readable at its offset with its bytes, unless the topic's cleanup says otherwise; a request
/// without an answer is there as a whole or not at all, and from then on known; nothing else is there.
struct TopicCheck {
    private let model: TopicModel
    private let port: UInt16
    private var state: TopicModel.State
    /// Records of requests without an answer: where they stand.
    private var found: [UInt64: [Int: (partition: Int, offset: Int64)]] = [:]
    /// How many acknowledged records were compared.
    private(set) var compared = 0

    /// Checks a topic; what was found out about open requests is noted in the model.
    @discardableResult
    static func run(_ model: TopicModel, port: UInt16) throws -> Int {
        var check = TopicCheck(model: model, port: port, state: model.state.withLock { $0 })
        do {
            try check.run()
        } catch let violation as Violation {
            throw Violation("topic \(model.name): \(violation)")
        }
        let state = check.state
        model.state.withLock { $0 = state }
        return check.compared
    }

    private init(model: TopicModel, port: UInt16, state: TopicModel.State) {
        self.model = model
        self.port = port
        self.state = state
    }

    private mutating func run() throws {
        let facts = try Client(port: port).partitions(model.name)
        guard facts.count == state.known.count else {
            throw Violation("\(facts.count) partitions instead of \(state.known.count)")
        }
        for (partition, facts) in facts.enumerated() { try check(partition, facts) }
        try settleOpenRequests()
    }

    private mutating func check(_ partition: Int, _ facts: PartitionFacts) throws {
        try checkStart(partition, facts)
        guard facts.end >= state.known[partition].count else {
            throw Violation(
                "partition \(partition) ends at \(facts.end), and \(state.known[partition].count - 1) was acknowledged"
            )
        }
        var seen: [Int64] = []
        var tombstones: [PartitionReader.Record] = []
        let reader = PartitionReader(port: port, topic: model.name, partition: partition)
        try reader.forEach(from: facts.start) { record in
            if try !take(record, partition) { tombstones.append(record) }
            if let last = seen.last, last >= record.offset {
                throw Violation("partition \(partition) gives offset \(record.offset) after \(last)")
            }
            seen.append(record.offset)
        }
        // Their neighbours tell whose they are, so they come last.
        for record in tombstones { try takeTombstone(record, partition) }
        switch model.cleanup {
        case .none, .retention: try checkDense(seen, partition, facts)
        case .compaction: try checkCompacted(Set(seen), partition)
        }
    }

    /// The start only grows, and only where there is retention, which leaves as much as it was told to.
    private mutating func checkStart(_ partition: Int, _ facts: PartitionFacts) throws {
        let before = state.starts[partition]
        guard facts.start >= before else {
            throw Violation("partition \(partition) started at \(before), and now at \(facts.start)")
        }
        state.starts[partition] = facts.start
        guard facts.start > before else { return }
        guard case .retention(let bytes) = model.cleanup, facts.sizeBytes >= bytes else {
            throw Violation("partition \(partition) starts at \(facts.start) with \(facts.sizeBytes) bytes left")
        }
    }

    /// Compares a record with what is known; false for a tombstone that nothing is known of yet.
    private mutating func take(_ record: PartitionReader.Record, _ partition: Int) throws -> Bool {
        let known = record.offset < state.known[partition].count ? state.known[partition][Int(record.offset)] : nil
        guard let identity = known ?? Payload.identity(of: record.value) else { return false }
        try take(record, partition, identity, isKnown: known != nil)
        return true
    }

    private mutating func takeTombstone(_ record: PartitionReader.Record, _ partition: Int) throws {
        guard let identity = openTombstone(record, partition) else {
            let text = String(decoding: record.value, as: UTF8.self)
            throw Violation("partition \(partition) offset \(record.offset): a record of nobody: \(text)")
        }
        try take(record, partition, identity, isKnown: false)
    }

    private mutating func take(
        _ record: PartitionReader.Record,
        _ partition: Int,
        _ identity: Payload.Identity,
        isKnown: Bool
    ) throws {
        let place = "partition \(partition) offset \(record.offset)"
        guard record.value.elementsEqual(model.payload.value(of: identity) ?? Array("null".utf8)),
            record.key == model.payload.key(of: identity)
        else {
            throw Violation("\(place): not the bytes of \(identity): \(String(decoding: record.value, as: UTF8.self))")
        }
        if isKnown {
            compared += 1
            return
        }
        guard let request = state.open[identity.request], request.partitions.indices.contains(identity.index),
            request.partitions[identity.index] == partition, found[identity.request]?[identity.index] == nil
        else { throw Violation("\(place): \(identity) was refused, never sent, sent elsewhere, or is there twice") }
        found[identity.request, default: [:]][identity.index] = (partition, record.offset)
    }

    /// Whose a tombstone may be: of an open request, one of which other records were found before one of which none was.
    private func openTombstone(_ record: PartitionReader.Record, _ partition: Int) -> Payload.Identity? {
        let open = state.open.values
        let begun = open.filter { request in
            request.indexes(in: partition).contains { found[request.number]?[$0] != nil }
        }
        let others = open.filter { request in !begun.contains { $0.number == request.number } }
        return tombstone(record, partition, of: begun) ?? tombstone(record, partition, of: others)
    }

    private func tombstone(
        _ record: PartitionReader.Record,
        _ partition: Int,
        of requests: [SentRequest]
    ) -> Payload.Identity? {
        for request in requests {
            for index in request.indexes(in: partition) where found[request.number]?[index] == nil {
                let identity = Payload.Identity(request: request.number, index: index)
                let isOne = model.payload.value(of: identity) == nil && model.payload.key(of: identity) == record.key
                // Offsets of a request follow each other, so a neighbour that was found decides.
                if isOne, fits(identity, request, record.offset, partition) { return identity }
            }
        }
        return nil
    }

    private func fits(
        _ identity: Payload.Identity,
        _ request: SentRequest,
        _ offset: Int64,
        _ partition: Int
    ) -> Bool {
        let indexes = request.indexes(in: partition)
        guard let place = indexes.firstIndex(of: identity.index) else { return false }
        return indexes.enumerated().allSatisfy { other, index in
            guard let spot = found[request.number]?[index] else { return true }
            return spot.offset - offset == Int64(other - place)
        }
    }

    private func checkDense(_ seen: [Int64], _ partition: Int, _ facts: PartitionFacts) throws {
        guard seen.elementsEqual(facts.start..<facts.end) else {
            let missing = Set(facts.start..<facts.end).subtracting(seen).sorted().prefix(5)
            throw Violation("partition \(partition): offsets \(missing) of \(facts.start)..<\(facts.end) are missing")
        }
    }

    private mutating func checkCompacted(_ seen: Set<Int64>, _ partition: Int) throws {
        try checkLastOfKeys(seen, partition)
        if let offset = state.removed[partition].intersection(seen).min() {
            throw Violation("partition \(partition) offset \(offset) had been compacted away, and is back")
        }
        for offset in state.known[partition].indices where state.known[partition][offset] != nil {
            if !seen.contains(Int64(offset)) { state.removed[partition].insert(Int64(offset)) }
        }
    }

    /// Of each key the last record is there, unless it is a tombstone.
    private func checkLastOfKeys(_ seen: Set<Int64>, _ partition: Int) throws {
        var last: [String: (offset: Int64, identity: Payload.Identity)] = [:]
        for (offset, identity) in state.known[partition].enumerated() {
            guard let identity, let key = model.payload.key(of: identity) else { continue }
            last[key] = (Int64(offset), identity)
        }
        let newer = newerKeys(partition)
        for (key, record) in last where !seen.contains(record.offset) && !newer.contains(key) {
            guard model.payload.value(of: record.identity) != nil else { continue }
            throw Violation("partition \(partition): \(key) was last written at \(record.offset), and is gone")
        }
    }

    /// Keys that a request without an answer has written again.
    private func newerKeys(_ partition: Int) -> Set<String> {
        var keys: Set<String> = []
        for (request, places) in found {
            for (index, place) in places where place.partition == partition {
                if let key = model.payload.key(of: Payload.Identity(request: request, index: index)) {
                    keys.insert(key)
                }
            }
        }
        return keys
    }

    /// A request without an answer is there as a whole, in its order, or not at all.
    private mutating func settleOpenRequests() throws {
        for request in state.open.values {
            guard let places = found[request.number] else { continue }
            try checkWhole(request, places)
            for (index, place) in places {
                let identity = Payload.Identity(request: request.number, index: index)
                try state.learn(identity, place.partition, place.offset)
            }
        }
        state.open = [:]
    }

    private func checkWhole(
        _ request: SentRequest,
        _ places: [Int: (partition: Int, offset: Int64)]
    ) throws {
        for partition in Set(request.partitions) {
            let indexes = request.indexes(in: partition)
            let bases = Set(
                indexes.enumerated().compactMap { order, index in
                    places[index].map { $0.offset - Int64(order) }
                }
            )
            guard bases.count <= 1 else {
                throw Violation(
                    "request \(request.number) is not together in partition \(partition): \(bases.sorted())"
                )
            }
            if case .compaction = model.cleanup { continue }
            guard indexes.allSatisfy({ places[$0] != nil }) else {
                throw Violation(
                    "request \(request.number) is stored in part: \(places.count) of \(request.partitions.count)"
                )
            }
        }
    }
}
