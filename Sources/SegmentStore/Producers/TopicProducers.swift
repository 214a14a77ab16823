import RecordFormat

/// The windows of all producers of one topic.
struct TopicProducers: Hashable, Sendable {
    private(set) var windows: [Int64: ProducerWindow] = [:]
    /// Producers with a lower number may have stored what nobody remembers: they are refused.
    private(set) var knownFrom = ProducerRequest.numberMin
    /// The parts of all windows.
    private(set) var partCount = 0
    /// Partitions that have shares which no snapshot holds yet.
    private(set) var unsaved: Set<PartitionIndex> = []

    init() {}

    /// Merges what the partitions tell.
    ///
    /// Of each producer the highest epoch counts, and of that the last requests, as far back as their sequences follow
    /// each other.
    init(merging partitions: [PartitionIndex: PartitionProducers]) {
        var epochs: [Int64: Int16] = [:]
        for partition in partitions.values {
            knownFrom = max(knownFrom, partition.knownFrom)
            for (number, window) in partition.windows {
                epochs[number] = max(epochs[number] ?? window.epoch, window.epoch)
            }
        }
        var parts: [Int64: [Int32: [RememberedRequest.Part]]] = [:]
        for (partition, producers) in partitions {
            for (number, window) in producers.windows where window.epoch == epochs[number] {
                for share in window.shares {
                    let part = RememberedRequest.Part(
                        partition: partition,
                        base: share.base,
                        count: share.count,
                        checksum: share.checksum
                    )
                    parts[number, default: [:]][share.sequence, default: []].append(part)
                }
            }
        }
        for (number, requests) in parts {
            guard let epoch = epochs[number], let window = Self.window(epoch, requests) else { continue }
            put(window, of: number)
        }
    }

    private static func window(_ epoch: Int16, _ requests: [Int32: [RememberedRequest.Part]]) -> ProducerWindow? {
        var kept: [RememberedRequest] = []
        for sequence in requests.keys.sorted(by: >).prefix(ProducerWindow.requestsMax) {
            if let last = kept.last, last.sequence - 1 != sequence { break }
            kept.append(RememberedRequest(sequence: sequence, parts: requests[sequence] ?? []))
        }
        return kept.isEmpty ? nil : ProducerWindow(epoch: epoch, requests: kept.reversed())
    }

    /// Replaces a producer's window by a later one.
    mutating func put(_ window: ProducerWindow, of number: Int64) {
        partCount += window.partCount - (windows.updateValue(window, forKey: number)?.partCount ?? 0)
    }

    /// Notes that partitions have shares that no snapshot holds.
    mutating func markUnsaved(_ partitions: some Sequence<PartitionIndex>) {
        unsaved.formUnion(partitions)
    }

    mutating func markSaved(_ partitions: Set<PartitionIndex>) {
        unsaved.subtract(partitions)
    }

    mutating func forget(_ number: Int64) {
        guard let window = windows.removeValue(forKey: number) else { return }
        partCount -= window.partCount
    }

    /// What snapshots of these partitions are to hold: their shares of the requests that are remembered.
    ///
    /// Older ones that only a partition's own batches tell are left out: no later window will hold them.
    func shares(of partitions: Set<PartitionIndex>) -> [PartitionIndex: PartitionProducers] {
        var found: [PartitionIndex: PartitionProducers] = [:]
        for partition in partitions { found[partition] = PartitionProducers(windows: [:], knownFrom: knownFrom) }
        for (number, window) in windows {
            for request in window.requests {
                for part in request.parts where partitions.contains(part.partition) {
                    let share = PartitionProducers.Share(
                        sequence: request.sequence,
                        base: part.base,
                        count: part.count,
                        checksum: part.checksum
                    )
                    found[part.partition]?.add(share, of: number, epoch: window.epoch)
                }
            }
        }
        return found
    }
}
