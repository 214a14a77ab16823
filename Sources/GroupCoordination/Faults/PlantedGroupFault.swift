/// A rule of consumer groups, broken on purpose: the simulation must notice each.
///
/// Compiled in only where `PLANTED_FAULTS` is defined, which only the simulator's own build does. Everywhere else
/// `isPlanted` is a constant, and no trace of any fault is left. Each case tells what is done instead of what is right;
/// it is asked for at the place of the rule. A fault is part of a shard's configuration, for the machine has no
/// variables outside of its value.
public enum PlantedGroupFault: Int, CaseIterable, Hashable, Sendable {
    // Assignment.

    /// A partition is given to its new owner before the old one has released it.
    case assignedBeforeRevoked
    /// A partition goes to its next owner under the epoch of the one before.
    case epochReused
    /// Some members get two more partitions than others.
    case unevenShares
    /// A change deals all partitions anew.
    case dealtAnew
    /// Every rebalance asks back all partitions, as the first protocols did.
    case worldStopped
    /// Joins are not collected: partitions move for each one of a storm.
    case debounceOmitted
    /// A standby is not told that there is nothing for it.
    case standbyNotTold
    /// A topic's added partitions are given to nobody.
    case addedPartitionsForgotten

    // Starts.

    /// A start that is resolved a second time counts.
    case startResolvedTwice
    /// A resolved start is not stored.
    case startNotStored
    /// A partition is given away before its start is known, from 0 on.
    case assignedWithoutStart
    /// A topic that was created again inherits the commits of the former one.
    case topicIdentityIgnored

    // Commits and delivery.

    /// A commit lands whatever its epoch.
    case commitEpochIgnored
    /// A commit lands whoever sends it.
    case commitMemberIgnored
    /// A commit moves the offset back.
    case commitGoesBack
    /// A commit beyond the visible end lands.
    case commitBeyondVisible
    /// A commit beyond what was delivered lands, though all deliveries were seen.
    case commitBeyondDelivery
    /// After a restart commits of what was delivered before it are refused.
    case deliveryTrustedAfterRestart
    /// Records are delivered of a partition that is being revoked.
    case deliveredWhileRevoking
    /// A commit is answered, and not stored.
    case commitNotStored

    // Draining and timeouts.

    /// A partition of a lost connection moves before it is committed or out of time.
    case drainedTooShort
    /// A partition that is revoked moves before it is committed or out of time.
    case revokedTooShort
    /// A hand-over that is complete waits for the commit timeout all the same.
    case commitEndsNothing
    /// Delivered records may stay without a commit for ever.
    case commitTimeoutIgnored
    /// Each delivery begins the commit timeout anew.
    case deliveryRenewsLease
    /// The same commit a second time begins the commit timeout anew.
    case repeatedCommitRenewsLease
    /// Progress does not begin the commit timeout anew.
    case progressIgnored
    /// Nobody is warned at half of the commit timeout.
    case warningOmitted
    /// A restart begins the time of a hand-over anew.
    case handOverDeadlineForgotten
    /// A released partition stays where it was.
    case releaseIgnored

    // Sessions.

    /// A static member's partitions move when its connection is lost.
    case staticMemberMovedEarly
    /// A process that takes over an instance keeps the former one's epochs and id.
    case instanceEpochKept
    /// The former connection of a member is not sent away.
    case formerConnectionKept
    /// A fenced connection is invited to come back.
    case fencedMayReconnect
    /// After a restart the partitions of members that are not back yet move at once.
    case sessionsLostAtRestart
    /// A lost session lives for ever.
    case sessionNeverEnds
    /// A member that sends no heartbeats stays.
    case heartbeatsNotNeeded
    /// A member that never commits is given its share again and again.
    case stalledMemberPreferred

    // Groups.

    /// A joiner with another list of topics is let in.
    case otherTopicsAccepted
    /// Members keep the partitions of a topic that was taken off the list.
    case droppedTopicKept
    /// The commits of a topic that was taken off the list are forgotten.
    case droppedCommitsForgotten
    /// A group is deleted under its members.
    case deletedUnderMembers
    /// A deleted group leaves its commits behind.
    case deletionLeavesCommits
    /// A restart begins the life of an ephemeral group without members anew.
    case lifeBegunAnewAtRestart
    /// An ephemeral group ends although it has members.
    case expiredUnderMembers
    /// A reset revokes all partitions of the group.
    case resetTouchesAll
    /// A reset leaves the holders their epochs, so that what they commit later undoes it.
    case resetKeepsEpochs
    /// A reset that was to be tried only is carried out.
    case dryRunActs

    // The owner's side: what the model of the log does with outcomes.

    /// Replies and events are given out before their records are durable.
    case toldBeforeDurable
    /// A crash keeps a part of an outcome's records.
    case outcomeTorn
}

#if PLANTED_FAULTS
    extension PlantedGroupFault {
        /// Whether faults can be planted in this build.
        public static let isAvailable = true
    }

    extension GroupConfiguration {
        /// Whether a rule is to be broken.
        @inlinable public func isPlanted(_ fault: PlantedGroupFault) -> Bool { plantedFault == fault }

        /// Breaks a rule, and no other.
        public mutating func plant(_ fault: PlantedGroupFault?) { plantedFault = fault }
    }
#else
    extension PlantedGroupFault {
        /// Whether faults can be planted in this build.
        public static let isAvailable = false
    }

    extension GroupConfiguration {
        /// Never.
        @inlinable public func isPlanted(_ fault: PlantedGroupFault) -> Bool { false }

        /// Does nothing: there are no faults in this build.
        public mutating func plant(_ fault: PlantedGroupFault?) {}
    }
#endif
