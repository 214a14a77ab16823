import RecordFormat

/// How old the oldest unread records of a group are, at a bounded cost.
///
/// The offset index leads to the batch at the committed offset, and that batch alone is read: at the tail it is in memory.
/// No more than `partitionsMax` partitions are looked at, those that lag most, and no more than `bytesMax` are read; of the
/// others nothing is told. The looks are made a few at a time, so that no thread of the read pool is held for all of them.
enum LagAges {
    /// As many as one read covers.
    static let partitionsMax = 256
    /// What one report may read: four of the largest batches, or thousands of usual ones.
    static let bytesMax = 16 << 20
    /// What one job on the read pool looks at.
    static let partitionsPerJob = 16

    /// A partition with unread records.
    struct Look: Sendable {
        /// Its place in the report.
        let index: Int
        let partition: Partition
        let next: Offset
    }

    /// What is to be looked at, the largest lag first.
    static func looks(_ report: GroupReport, _ registry: TopicRegistry) -> [Look] {
        let lagging = report.partitions.indices.filter { report.partitions[$0].lag > 0 }
        let largest = lagging.sorted { (report.partitions[$1].lag, $0) < (report.partitions[$0].lag, $1) }
        return largest.prefix(partitionsMax).compactMap { index in
            let entry = report.partitions[index]
            guard let partition = try? registry.partition(entry.partition) else { return nil }
            return Look(index: index, partition: partition, next: entry.next)
        }
    }

    /// The timestamp of the oldest unread record, and what it took to read it.
    ///
    /// Blocks. Nil where it cannot be read.
    static func timestamp(_ look: Look) -> (time: Timestamp?, bytes: Int) {
        guard let outcome = try? PartitionReader.read(look.partition, from: look.next, bytesMax: 1),
            let batch = outcome.batches.first
        else { return (nil, 0) }
        return (batch.timestamp(from: outcome.start), outcome.bytes)
    }
}

extension Broker {
    /// One group, with how long its oldest unread records have waited.
    public func groupWithLagAges(_ name: GroupName) async throws(BrokerError) -> GroupReport {
        var report = try group(name)
        let looks = LagAges.looks(report, registry)
        let now = appendTime().millisecondsSinceEpoch
        var bytesLeft = LagAges.bytesMax
        var start = 0
        while start < looks.count, bytesLeft > 0 {
            let part = looks[start..<min(looks.count, start + LagAges.partitionsPerJob)]
            start = part.endIndex
            let room = bytesLeft
            let found = await readPool.run { LagAges.timestamps(part, bytesMax: room) }
            for (index, time) in found.times {
                report.partitions[index].lagSeconds = max(0, now - max(0, time.millisecondsSinceEpoch)) / 1000
            }
            bytesLeft -= found.bytes
        }
        return report
    }
}

extension LagAges {
    /// The timestamps of some partitions, until as much is read as may be.
    ///
    /// Blocks.
    fileprivate static func timestamps(
        _ looks: ArraySlice<Look>,
        bytesMax: Int
    ) -> (times: [(index: Int, time: Timestamp)], bytes: Int) {
        var times: [(index: Int, time: Timestamp)] = []
        var bytes = 0
        for look in looks where bytes < bytesMax {
            let found = timestamp(look)
            bytes += found.bytes
            if let time = found.time { times.append((look.index, time)) }
        }
        return (times, bytes)
    }
}

extension RecordBatch {
    /// The end of a walk over records.
    private struct Found: Error {
        let time: Timestamp
    }

    /// The timestamp of the first record from an offset on.
    ///
    /// A compressed batch is not inflated for it: its first record's stands for all.
    fileprivate func timestamp(from offset: Offset) -> Timestamp? {
        guard codec == .none else { return deleteHorizon == nil ? baseTimestamp : maxTimestamp }
        do {
            try forEachRecord { record, _ in
                if record.offset >= offset { throw Found(time: record.timestamp) }
            }
            // Compaction has taken the batch's last records.
            return maxTimestamp
        } catch let found as Found {
            return found.time
        } catch {
            return nil
        }
    }
}
