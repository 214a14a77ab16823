import Collections
import RecordFormat

/// The last rebalances of a group, oldest first.
struct GroupHistory: Sendable {
    private(set) var entries: Deque<GroupRebalance> = []

    /// Why the next rebalance comes about: collected while joins are, and while nobody is there to receive.
    private(set) var pending: [GroupRebalance.Reason] = []

    /// Notes a reason, once.
    mutating func note(_ reason: GroupRebalance.Reason) {
        // As many reasons as members may come together; a change of each is worth one line, not two.
        guard !pending.contains(reason), pending.count < Self.reasonsMax else { return }
        pending.append(reason)
    }

    /// Ends a command: what it moved is an entry, with all reasons so far.
    mutating func add(
        _ moves: [GroupRebalance.Move],
        isRebalanced: Bool,
        epoch: GroupEpoch,
        at time: Timestamp,
        _ configuration: GroupConfiguration
    ) {
        guard !moves.isEmpty || isRebalanced, !pending.isEmpty else { return }
        entries.append(
            GroupRebalance(
                epoch: epoch,
                time: time,
                reasons: pending,
                moves: Array(moves.prefix(configuration.movesPerRebalanceMax)),
                moveCount: moves.count
            )
        )
        pending = []
        while entries.count > configuration.rebalancesPerGroupMax { entries.removeFirst() }
    }

    private static let reasonsMax = 64
}
