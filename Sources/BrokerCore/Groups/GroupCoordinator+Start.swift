import GroupCoordination
import RecordFormat

/// Where groups begin: positions become offsets, once a partition.
extension GroupCoordinator {
    /// Resolves what is known without a look at the log.
    func resolve(_ request: StartRequest) -> StartResolution {
        resolve(request) { Self.start(request.position, in: $0) }
    }

    /// Resolves a time on the read pool, since that reads; the answer reaches the shard as a command.
    ///
    /// Called under the shard's lock. Until the answer comes the partitions wait, and a shard that is read again asks again.
    /// Where the log cannot be read the start is its beginning, which skips nothing.
    func resolveLater(_ request: StartRequest, _ time: Timestamp) {
        environment.pool.submit {
            let resolution = self.resolve(request) { partition in
                (try? PartitionReader.offset(at: time, in: partition)) ?? partition.logStart
            }
            if resolution.offsets.isEmpty, resolution.reset == nil { return }
            self.apply(.startResolved(resolution))
        }
    }

    private func resolve(_ request: StartRequest, _ start: (Partition) -> Offset) -> StartResolution {
        var offsets: [ResolvedStart] = []
        for item in request.partitions {
            // A partition that is gone meanwhile stays unresolved; its deletion reaches the shard as a command.
            guard let topic = environment.registry.find(item.partition.topic), topic.groupID == item.topicID,
                let partition = try? topic.partition(item.partition.partition)
            else { continue }
            offsets.append(
                ResolvedStart(partition: item.partition, topicID: item.topicID, offset: start(partition))
            )
        }
        return StartResolution(group: request.group, offsets: offsets, reset: request.reset)
    }

    /// An offset outside of what the partition holds begins at the nearer end.
    private static func start(_ position: GroupCoordination.StartPosition, in partition: Partition) -> Offset {
        let marks = partition.log.watermarks
        let (first, end) = (marks.logStart.offset, marks.visible.offset)
        switch position {
        case .earliest, .time: return first
        case .latest: return end
        case .beforeEnd(let count): return Offset(max(first.value, end.value - max(0, min(count, end.value))))
        case .offset(let offset): return min(max(offset, first), end)
        }
    }
}
