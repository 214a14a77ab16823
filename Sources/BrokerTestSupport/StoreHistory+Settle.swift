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
        let starts = kept.mapValues(\.start)
        for key in partitions {
            switch StoreReading.content(of: key, in: store) {
            case .failure(let flaw):
                flaws.append(flaw)
            case .success(let found):
                settleStart(found.start, of: key, &flaws)
                compare(found, key, &flaws)
                let extra = found.values(from: acknowledged[key]?.count ?? 0)
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

    private func compare(_ found: StoreReading.Content, _ key: PartitionKey, _ flaws: inout [StoreFlaw]) {
        let expected = Array((acknowledged[key] ?? []).dropFirst(found.start))
        if Array(found.values.prefix(expected.count)) != expected {
            let text = "\(key): acknowledged from \(found.start) on \(expected), found \(found.values)"
            flaws.append(StoreFlaw(.lostRecord, text))
        }
        let seen = seen[key] ?? 0
        if found.end < seen {
            flaws.append(StoreFlaw(.lostSeenRecord, "\(key): a reader saw up to \(seen), it ends at \(found.end)"))
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

/// Reads a store as its readers do.
enum StoreReading {
    /// What a partition holds.
    struct Content {
        /// The first offset.
        let start: Int
        /// The value at each offset from there on.
        fileprivate(set) var values: [String] = []

        var end: Int { start + values.count }

        func values(from offset: Int) -> [String] { Array(values.dropFirst(max(0, offset - start))) }
    }

    /// All values of a partition, after checking that the offsets have no hole.
    static func content(of key: PartitionKey, in store: LogStore) -> Reading<Content> {
        guard let log = store.partition(key) else { return unreadable(key, "there is no such partition") }
        if let reason = log.quarantine { return unreadable(key, "quarantined: \(reason)") }
        var next = log.watermarks.logStart.offset
        var content = Content(start: Int(next.value))
        do {
            while next < log.watermarks.visible.offset {
                let slice = try log.read(from: next, bytesMax: ByteCount(200))
                for record in try slice.batches.flatMap({ try $0.decodedRecords() }) where record.offset >= next {
                    guard record.offset.value == Int64(content.end) else {
                        let text = "\(key): offset \(record.offset) stands at \(content.end)"
                        return .failure(StoreFlaw(.strangeRecord, text))
                    }
                    content.values.append(String(buffer: record.value ?? ByteBuffer()))
                }
                next = slice.next
            }
        } catch {
            return unreadable(key, "\(error)")
        }
        return .success(content)
    }

    private static func unreadable(_ key: PartitionKey, _ reason: String) -> Reading<Content> {
        .failure(StoreFlaw(.unreadablePartition, "\(key): \(reason)"))
    }
}

/// What a reading brought.
enum Reading<Value> {
    case success(Value)
    case failure(StoreFlaw)
}
