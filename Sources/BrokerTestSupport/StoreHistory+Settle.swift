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
        settleTopics(Set(store.topics().map(\.id)), &flaws)
        var extras: [PartitionKey: [String]] = [:]
        for key in partitions {
            switch StoreReading.values(of: key, in: store) {
            case .failure(let flaw):
                flaws.append(flaw)
            case .success(let found):
                compare(found, key, &flaws)
                let extra = Array(found.dropFirst(acknowledged[key]?.count ?? 0))
                if !extra.isEmpty { extras[key] = extra }
            }
        }
        settleRound(extras, &flaws)
        adoptOutcomes()
        return flaws
    }

    /// Every partition that should be there, in a fixed order.
    public var partitions: [PartitionKey] {
        topics.values.sorted { $0.id.hex < $1.id.hex }.flatMap { topic in
            (0..<topic.partitionCount).map { PartitionKey(topic: topic.id, partition: PartitionIndex($0)) }
        }
    }

    private func compare(_ found: [String], _ key: PartitionKey, _ flaws: inout [StoreFlaw]) {
        let expected = acknowledged[key] ?? []
        if Array(found.prefix(expected.count)) != expected {
            flaws.append(StoreFlaw(.lostRecord, "\(key): acknowledged \(expected), found \(found)"))
        }
        let seen = seen[key] ?? 0
        if found.count < seen {
            flaws.append(StoreFlaw(.lostSeenRecord, "\(key): a reader saw \(seen) records, \(found.count) are there"))
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
    private mutating func settleRound(_ extras: [PartitionKey: [String]], _ flaws: inout [StoreFlaw]) {
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

/// Reads a store as its readers do.
enum StoreReading {
    /// All values of a partition, after checking that the offsets have no hole.
    static func values(of key: PartitionKey, in store: LogStore) -> Reading<[String]> {
        guard let log = store.partition(key) else { return unreadable(key, "there is no such partition") }
        if let reason = log.quarantine { return unreadable(key, "quarantined: \(reason)") }
        var values: [String] = []
        var next = log.watermarks.logStart.offset
        do {
            while next < log.watermarks.visible.offset {
                let slice = try log.read(from: next, bytesMax: ByteCount(200))
                for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                    guard record.offset.value == Int64(values.count) else {
                        let text = "\(key): offset \(record.offset) follows \(values.count) records"
                        return .failure(StoreFlaw(.strangeRecord, text))
                    }
                    values.append(String(buffer: record.value ?? ByteBuffer()))
                }
                next = slice.next
            }
        } catch {
            return unreadable(key, "\(error)")
        }
        return .success(values)
    }

    private static func unreadable(_ key: PartitionKey, _ reason: String) -> Reading<[String]> {
        .failure(StoreFlaw(.unreadablePartition, "\(key): \(reason)"))
    }
}

/// What a reading brought.
enum Reading<Value> {
    case success(Value)
    case failure(StoreFlaw)
}
