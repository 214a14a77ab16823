import NIOCore
import RecordFormat
public import SegmentStore

extension StoreHistory {
    /// Compares a recovered store with the history, and takes over how what was under way ended.
    /// - Returns: what is wrong; empty when nothing is.
    public mutating func settle(with store: LogStore) -> [StoreFlaw] {
        var flaws: [StoreFlaw] = []
        if store.run <= lastRun, !isClosing {
            flaws.append(StoreFlaw(.reusedNumber, "run \(store.run) follows an unclean stop of run \(lastRun)"))
        }
        (lastRun, isClosing) = (store.run, false)
        settleChange(store.topics(), &flaws)
        settleTopics(Set(store.topics().map(\.id)), &flaws)
        var extras: [PartitionKey: [String]] = [:]
        let starts = kept.mapValues(\.start)
        for key in partitions {
            switch StoreReading.content(of: key, in: store) {
            case .failure(let flaw):
                flaws.append(flaw)
            case .success(let found):
                settleStart(found.start, of: key, &flaws)
                compare(found, key, &flaws)
                let known = acknowledged[key]?.count ?? 0
                let extra = found.records.filter { $0.offset >= known }.map(\.value)
                if !extra.isEmpty { extras[key] = extra }
            }
        }
        settleRound(extras, hasPrefix: showsPrefix(since: starts), &flaws)
        adoptOutcomes()
        return flaws
    }

    /// Every partition that should be there, in a fixed order.
    public var partitions: [PartitionKey] {
        topics.values.sorted { $0.id.hex < $1.id.hex }.flatMap { topic in
            (0..<topic.partitionCount).map { PartitionKey(topic: topic.id, partition: PartitionIndex($0)) }
        }
    }

    private func compare(_ found: PartitionContent, _ key: PartitionKey, _ flaws: inout [StoreFlaw]) {
        let expected = acknowledged[key] ?? []
        let present = Dictionary(uniqueKeysWithValues: found.records.map { ($0.offset, $0.value) })
        let isCompacted = topics[key.topic]?.isCompacted == true
        let isLost = expected.indices.dropFirst(found.start).contains { offset in
            guard let value = present[offset] else { return !isCompacted || !found.mayLack(offset, of: expected) }
            return value != expected[offset]
        }
        if isLost {
            let text =
                "\(key): acknowledged \(expected), found \(found.records), compacted below \(found.compactedBelow)"
            flaws.append(StoreFlaw(.lostRecord, text))
        }
        let behind = max(expected.count, found.start)
        if let hole = (behind..<max(behind, found.end)).first(where: { present[$0] == nil }) {
            flaws.append(StoreFlaw(.strangeRecord, "\(key): it ends at \(found.end) and has no record at \(hole)"))
        }
        let seen = seen[key] ?? 0
        if found.end < seen {
            flaws.append(StoreFlaw(.lostSeenRecord, "\(key): a reader saw up to \(seen), it ends at \(found.end)"))
        }
    }

    /// A change of a topic is there whole, or not at all.
    private mutating func settleChange(_ found: [StoredTopic], _ flaws: inout [StoreFlaw]) {
        for topic in found {
            guard let known = topics[topic.id], topic != known else { continue }
            if topic == changing {
                topics[topic.id] = topic
            } else {
                flaws.append(StoreFlaw(.lostTopic, "topic \(topic) was \(known)"))
            }
        }
    }

    private mutating func settleTopics(_ found: Set<TopicID>, _ flaws: inout [StoreFlaw]) {
        if let creating, found.contains(creating.id) { topics[creating.id] = creating }
        if let deleting, !found.contains(deleting) { forget(deleting) }
        for id in topics.keys where !found.contains(id) {
            flaws.append(StoreFlaw(.lostTopic, "topic \(id.hex) is gone"))
        }
        for id in found where topics[id] == nil {
            flaws.append(StoreFlaw(.resurrectedTopic, "topic \(id.hex) should not be there"))
        }
        // A creation that came to nothing: the topic does not appear by itself later.
        if let creating, !found.contains(creating.id) { deleted.insert(creating.id) }
    }

    /// A round is one frame: all of it is there, or nothing of it.
    private mutating func settleRound(
        _ extras: [PartitionKey: [String]],
        hasPrefix: Bool?,
        _ flaws: inout [StoreFlaw]
    ) {
        if let hasPrefix, !committing.joined().isEmpty, hasPrefix == extras.isEmpty {
            let text = "the round's deletion is \(hasPrefix ? "" : "not ")there, found \(extras)"
            flaws.append(StoreFlaw(.partialRound, text))
        }
        guard !extras.isEmpty else {
            for appends in committing { refuse(appends) }
            return
        }
        var whole: [PartitionKey: [String]] = [:]
        for append in committing.joined() { whole[append.key, default: []].append(contentsOf: append.values) }
        guard extras == whole else {
            flaws.append(strangeness(of: extras, whole))
            return
        }
        for appends in committing { acknowledge(appends) }
    }

    private func strangeness(of extras: [PartitionKey: [String]], _ whole: [PartitionKey: [String]]) -> StoreFlaw {
        let text = "found \(extras) beyond what was acknowledged; under way was \(whole)"
        let found = Set(extras.values.joined())
        if !found.isDisjoint(with: cut) { return StoreFlaw(.resurrectedRecord, text) }
        let isPart = !whole.isEmpty && found.isSubset(of: whole.values.joined())
        return StoreFlaw(isPart ? .partialRound : .strangeRecord, text)
    }
}

/// What a partition holds.
struct PartitionContent {
    /// A record as a reader gets it.
    struct Found {
        let offset: Int
        let value: String
    }

    /// The first offset that is kept.
    let start: Int
    /// In the order of their offsets.
    var records: [Found] = []
    /// The end (exclusive) of its offsets.
    let end: Int
    /// History is incomplete below.
    let compactedBelow: Int

    /// Whether compaction may have removed an acknowledged record: for a newer one of its key, and history is said to be
    /// incomplete there.
    func mayLack(_ offset: Int, of acknowledged: [String]) -> Bool {
        guard offset < compactedBelow, let key = StoreWorkload.key(of: acknowledged[offset]) else { return false }
        return acknowledged[(offset + 1)...].contains { StoreWorkload.key(of: $0) == key }
    }
}

/// Reads a store as its readers do.
enum StoreReading {
    /// All of a partition, after checking that offsets only grow.
    static func content(of key: PartitionKey, in store: LogStore) -> Reading<PartitionContent> {
        guard let log = store.partition(key) else { return unreadable(key, "there is no such partition") }
        if let reason = log.quarantine { return unreadable(key, "quarantined: \(reason)") }
        let end = log.watermarks.visible.offset
        var next = log.watermarks.logStart.offset
        var content = PartitionContent(
            start: Int(next.value),
            end: Int(end.value),
            compactedBelow: Int(log.compactedBelow.value)
        )
        do {
            while next < end {
                let slice = try log.read(from: next, bytesMax: ByteCount(200))
                for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                    let offset = Int(record.offset.value)
                    guard offset > content.records.last?.offset ?? -1 else {
                        let text = "\(key): offset \(offset) follows \(content.records.last?.offset ?? -1)"
                        return .failure(StoreFlaw(.strangeRecord, text))
                    }
                    content.records.append(.init(offset: offset, value: String(buffer: record.value ?? ByteBuffer())))
                }
                next = slice.next
            }
        } catch {
            return unreadable(key, "\(error)")
        }
        return .success(content)
    }

    private static func unreadable(_ key: PartitionKey, _ reason: String) -> Reading<PartitionContent> {
        .failure(StoreFlaw(.unreadablePartition, "\(key): \(reason)"))
    }
}

/// What a reading brought.
enum Reading<Value> {
    case success(Value)
    case failure(StoreFlaw)
}
