import Synchronization

/// A rule of the journal, broken on purpose: the exploration of crashes must notice each.
///
/// Compiled in only where `PLANTED_FAULTS` is defined, which only the explorer's own build does. Everywhere else `isPlanted`
/// is a constant, and no trace of any fault is left. Each case tells what is done instead of what is right; it is asked
/// for at the place of the rule.
public enum PlantedFault: Int, CaseIterable, Hashable, Sendable {
    // The journal.

    /// A frame is written, and its requests are answered, without a flush.
    case answerBeforeFlush
    /// The frame behind is written before the flush of the one before has returned.
    case nextFrameBeforeFlush
    /// The frame is durable before the segments are written: when that fails, what was refused is in the journal.
    case frameBeforeSegments
    /// What a refused round wrote to its segments stays there.
    case shortWriteNotCutBack
    /// What a refused round would have done to the logs is done to them.
    case overlayKeptAfterRefusal
    /// A frame of another ring, or one that a client made up, counts.
    case ringIdUnchecked
    /// A frame counts wherever it stands.
    case placeUnchecked
    /// A frame may be longer than the longest.
    case lengthUnbounded
    /// The stream goes on at the LSN of the torn frame.
    case lsnReused
    /// A frame that cannot be read is a torn tail, whatever stands behind it.
    case laterHeaderIgnored
    /// A frame that cannot be read is a torn tail, even if it stands elsewhere.
    case sameLsnElsewhereIgnored
    /// An I/O error while the ring is read is the end of the journal.
    case eioTakenForTorn
    /// An entry of an unknown kind is the end of its frame.
    case unknownKindTakenForTorn
    /// No empty frame is written.
    case emptyFrameOmitted
    /// Of a frame that wraps, the part at the beginning of the ring is not written.
    case wrapSecondHalfUnwritten
    /// Frames are written over what the checkpoint still needs.
    case ringOverrun
    /// The names of ring and slots are not flushed at creation.
    case ringRenameUnflushed
    // With batches by reference comes one whose bytes in the segment are not flushed.

    // Checkpoints.

    /// The record says the LSN of the moment at which it is written.
    case lsnCapturedAfterDirtySet
    /// The marks of dirty files are cleared when the flush is over.
    case markClearedAfterFlush
    /// A file that was rolled is not flushed.
    case rolledFileNotInSet
    /// The names of new files are not flushed.
    case newDirectoryUnflushed
    /// Manifests are replaced behind the record, and the record does not list what they are to hold.
    case manifestAfterRecord
    /// The record is written before the segments are flushed.
    case recordBeforeFlush
    /// The record is always written into the same slot.
    case recordIntoNewestSlot
    /// The ring may be written over before the record is durable.
    case limitBeforeRecordFlushed
    /// The ring's limit moves back.
    case limitBackwards
    /// A second checkpoint begins while one is in progress.
    case twoCheckpointsAtOnce
    /// A checkpoint is recorded although storage has failed meanwhile.
    case failedFlagUnchecked
    /// A segment's descriptor is closed and opened again before its bytes are flushed.
    case dirtyDescriptorReopened
    /// The flushed bytes of a block are not saved before it is written again.
    case blockPrefixOmitted
    /// The first record after a clean stop still says clean.
    case cleanFlagNotCleared
    /// A clean stop counts although a newer record was there.
    case cleanFlagOfOlderGeneration

    // The manifest.

    /// A manifest lists segments that are not flushed.
    case sealedBeforeFlushed
    /// A manifest is written from a list that was read before the last change.
    case staleManifestWrittenBack
    /// Files are unlinked before the manifest that no longer lists them is durable.
    case unlinkBeforeManifest
    /// A compacted segment gets the name of the one that it replaces, before the manifest is replaced.
    case compactedUnderOldName
    /// The manifest does not say below which offset history is incomplete.
    case compactedBelowMissing
    /// Who follows a collection is not told that compaction has removed what he asks for.
    case compactedBelowIgnored
    /// Compaction takes what the files hold for newer values, also of a round that is not durable.
    case compactionSawUnflushed
    /// Recovery removes files that it does not know.
    case unknownFileDeleted

    // Recovery.

    /// Entries are written again into segments that the manifest lists.
    case replayIntoSealed
    /// Entries are written again from where the checkpoint says, into segments that were compacted since.
    case replayIntoCompacted
    /// A partition that the checkpoint does not know begins at its start, whatever its manifest lists.
    case cutWithoutRow
    /// A file that is shorter than it must be is written on.
    case shortFileExtended
    /// Files of a base beyond the end stay, also when all else is in order.
    case higherBaseKept
    /// What was cut is not flushed.
    case cutUnflushed
    /// The journal is read as the page cache has it.
    case bufferedRead
    /// Recovery lists segments in the manifest before they are flushed and recorded.
    case manifestBeforeRecord
    /// Recovery writes to the ring before its checkpoint is recorded.
    case ringBeforeRecord
    /// The store is opened before what recovery wrote is flushed.
    case openBeforeFlush
    /// A damaged partition's entries are not kept.
    case quarantineWithoutSalvage
    /// The leader epoch stays the same after an unclean stop.
    case runNumberKept
    /// A read that fails above the checkpoint quarantines the partition.
    case readAboveCheckpointQuarantines
    /// The ballast is not given up for a replay that has no room.
    case ballastKept

    // Topics.

    /// Records can be read before they are durable.
    case visibleBeforeDurable
    /// Frames hold records of a topic whose name is not durable.
    case frameBeforeTopicFlushed
    /// Entries of a topic that is not there are passed over, whatever became of it.
    case deletionWithoutEvidence
    /// The tombstones of a topic's commits are in a frame of their own, before that of its deletion.
    ///
    /// The other way round a crash shows nothing: a start ends commits whose topic is gone.
    case tombstonesInOtherFrame
    /// A topic inherits the commits of another of the same name.
    case uuidIgnored

    // Producers and the coordinator.

    /// A producer's number is registered in a later frame than its first batch.
    case numberRegisteredLater
    /// A duplicate is answered before the original is durable.
    case duplicateAnsweredEarly
    /// What was queued before a refused append is appended all the same.
    case shardGenerationIgnored
    /// A group's members hear of a change that is not durable.
    case eventBeforeDurable
    /// A failure behind the frame's write is answered as without effect.
    case noSideEffectsAfterFrame

    // Flushes.

    /// A flush that failed is tried again.
    case retryAfterEIO
    /// A flush that finds no room is taken for a refusal.
    case enospcAtFlushTakenForFull
    /// A flush error that another thread was told is forgotten.
    case errorSwallowedByOtherThread
}

#if PLANTED_FAULTS
    extension PlantedFault {
        /// Whether faults can be planted in this build.
        public static let isAvailable = true
        private static let planted = Atomic<Int>(-1)

        /// Plants one fault for the rest of the process, and no other.
        public static func plant(_ fault: PlantedFault?) {
            planted.store(fault?.rawValue ?? -1, ordering: .relaxed)
        }

        /// Whether the rule is to be broken.
        public var isPlanted: Bool { Self.planted.load(ordering: .relaxed) == rawValue }
    }
#else
    extension PlantedFault {
        /// Whether faults can be planted in this build.
        public static let isAvailable = false

        /// Does nothing: there are no faults in this build.
        public static func plant(_ fault: PlantedFault?) {}

        /// Never.
        @inlinable public var isPlanted: Bool { false }
    }
#endif
