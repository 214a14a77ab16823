import MillraceClient

/// A member of the group: tells the board what it has and when its records came, and commits them.
struct MeasuredMember {
    let client: MillraceClient
    let options: GroupJoinOptions
    let board: Board
    /// Its place on the board.
    let number: Int

    /// How often it commits.
    static let commitInterval = Duration.milliseconds(50)

    /// Joins and works until its task is cancelled; then it gives back what it has, so that nobody waits for it.
    func run() async throws {
        var membership: GroupMembership?
        var epochs: [Int32: Int64] = [:]
        var offsets: [Int32: Int64] = [:]
        var lastCommit = ContinuousClock.now
        defer { leave(membership, Array(epochs.keys)) }
        for try await event in client.joinGroup(options) {
            switch event {
            case .joined(let joined): membership = joined
            case .assigned(_, let partitions):
                epochs = Dictionary(uniqueKeysWithValues: partitions.map { ($0.partition, $0.epoch ?? 0) })
                board.holds(number, Set(epochs.keys))
            case .revoked(let partitions):
                for lost in partitions {
                    epochs[lost.partition] = nil
                    offsets[lost.partition] = nil
                }
                board.holds(number, Set(epochs.keys))
            case .record(let record):
                board.note(record.partition, sent: try record.value(as: Int64.self))
                offsets[record.partition] = record.offset + 1
            case .revoking: lastCommit = .now - Self.commitInterval
            default: continue
            }
            guard let membership, !offsets.isEmpty, .now - lastCommit >= Self.commitInterval else { continue }
            let items = offsets.compactMap { partition, offset in
                epochs[partition].map {
                    CommitOffset(topic: options.topics[0], partition: partition, offset: offset, epoch: $0)
                }
            }
            (offsets, lastCommit) = ([:], .now)
            if !items.isEmpty { try await client.commit(membership, offsets: items) }
        }
    }

    /// In a task of its own, which no cancellation ends.
    private func leave(_ membership: GroupMembership?, _ partitions: [Int32]) {
        guard let membership else { return }
        let held = partitions.map { GroupPartition(topic: options.topics[0], partition: $0) }
        // At the end of the run the broker may be gone before.
        Task { try? await client.commit(membership, offsets: [], release: held) }
    }
}
