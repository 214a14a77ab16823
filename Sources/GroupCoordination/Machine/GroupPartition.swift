import RecordFormat

/// One partition as a group sees it.
struct GroupPartition: Sendable {
    /// The epoch of the last assignment, over or not; 0 before the first.
    var epoch = PartitionEpoch(0)
    /// Where the next owner begins; `nil` until the start is resolved.
    ///
    /// Nobody owns a partition before.
    var committed: OffsetCommitValue?
    /// Who has it; `nil` while nobody does.
    var holder: Holder?

    /// Whether records were delivered that are not committed, as far as can be known.
    var hasUncommitted: Bool {
        guard let holder, let committed else { return false }
        guard let delivered = holder.delivered else { return true }
        return delivered > committed.offset
    }

    func isHeld(by member: MemberID, in epoch: PartitionEpoch) -> Bool {
        self.epoch == epoch && holder?.member == member
    }

    /// What is stored of it; a partition without a commit leaves no trace.
    func value(topicID: TopicID) -> PartitionValue? {
        guard committed != nil else { return nil }
        return PartitionValue(topicID: topicID, epoch: epoch, holder: holder?.value)
    }
}

/// The member that has a partition, and what it was given of it.
struct Holder: Sendable {
    enum Phase: Hashable, Sendable {
        /// It reads on.
        case owned
        /// It was told to finish; kept as wall time, so that restarts do not prolong it.
        case revoking(until: Timestamp)
        /// Its connection was lost; kept as wall time, so that restarts do not prolong it.
        case draining(until: Timestamp)
    }

    let member: MemberID
    var phase: Phase = .owned

    /// The offset behind the last record that was delivered; `nil` after a restart, when nobody knows.
    var delivered: Offset?

    /// Whether this process saw all deliveries of this epoch, so that a commit beyond them is a mistake.
    var isSeenWhole = true

    /// Runs while delivered records are uncommitted.
    var lease: Lease?

    /// When what is uncommitted was delivered, oldest first: for descriptions only.
    var deliveries: [DeliveryMark] = []

    /// Whether the member came back on a new connection and what it has not committed is still to be delivered again.
    var isAwaitingRedelivery = false

    /// Notes a delivery; past a bound deliveries are merged, which makes the later one look older, never younger.
    mutating func mark(_ next: Offset, at time: Int64) {
        guard let last = deliveries.last else { return deliveries = [DeliveryMark(next: next, time: time)] }
        guard next > last.next else { return }
        if deliveries.count < Self.marksMax { return deliveries.append(DeliveryMark(next: next, time: time)) }
        deliveries[deliveries.count - 1].next = next
    }

    private static let marksMax = 8

    var value: PartitionValue.Holder {
        switch phase {
        case .owned: .init(owner: member, phase: .owned)
        case .revoking(let until): .init(owner: member, phase: .revoking(delivered: delivered, until: until))
        case .draining(let until): .init(owner: member, phase: .draining(delivered: delivered, until: until))
        }
    }
}

/// Up to which offset was delivered when.
struct DeliveryMark: Hashable, Sendable {
    var next: Offset
    var time: Int64
}

/// How long delivered records are waiting for their commit.
struct Lease: Hashable, Sendable {
    /// The later of the last commit or progress and the delivery of the oldest uncommitted record, by the monotonic
    /// clock.
    ///
    /// One time is enough: a commit that leaves something uncommitted comes after that record's delivery.
    var startedAt: Int64
    var isWarned = false

    func deadline(after timeout: Int64) -> Int64 { startedAt + timeout }

    func warning(after timeout: Int64) -> Int64 { startedAt + timeout / 2 }
}

/// One topic of a group.
struct GroupTopic: Sendable {
    /// The topic that bears the name; `nil` while none does.
    var id: TopicID?
    var partitions: [GroupPartition] = []
}
