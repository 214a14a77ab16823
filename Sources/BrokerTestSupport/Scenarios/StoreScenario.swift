/// Things that go wrong too rarely for a random life to meet them, each made to happen.
///
/// A scenario breaks nothing by itself: every promise holds at its end, unless a rule of the store is broken.
public enum StoreScenario: String, CaseIterable, Hashable, Sendable {
    /// A record's value looks like a frame of the journal, on every block.
    case forgedFrame
    /// The ring holds a whole header whose length no frame may have.
    case oversizedFrame
    /// A frame holds an entry of an unknown kind.
    case unknownEntry
    /// The last acknowledged frame was written to a wrong place.
    case misdirectedFrame
    /// The last acknowledged frame never reached the device, and one behind it did.
    case lostFrame
    /// Storage fails while a checkpoint is being completed.
    case failureInCheckpoint
    /// The system loses a segment's pages in the background.
    case lostWriteback
    /// The pages of a segment that no checkpoint covers cannot be read.
    case readAboveCheckpoint
    /// A partition's directory holds a file that nobody knows.
    case strangerFile
    /// The last frame with records is damaged, and an empty one behind it proves that it was whole.
    case damagedProvenFrame
    /// The flush of a frame fails, once.
    case failedFlush
    /// A second checkpoint is asked for while one is being completed.
    case secondCheckpoint
    /// The ring is full, and the record that would free it is being flushed.
    case recordUnderWay
    /// Nobody takes a checkpoint for as long as the store lets him.
    case noCheckpoint
    /// A clean stop, another run, and then the newest checkpoint's slot is damaged.
    case damagedSlotAfterCleanStop
    /// A topic's directory is gone.
    case missingTopic
    /// A segment is shorter than it was.
    case shortSegment
    /// A producer's first request is the last that the journal holds.
    case firstRequest
    /// A producer's retry is queued behind its original, and their round is refused.
    case refusedOriginal
    /// Retention has taken a producer's requests, and the power goes.
    case retryAfterRetention
    /// Retention takes one segment after the other, each pass cut at every call.
    case retention
    /// The volume fills up, and has room again.
    case fullVolume
    /// The volume has no room but the ballast's for what a start must write again.
    case fullVolumeAtStart
    /// The thread that flushes segments is told that it failed, and another one answers producers.
    case failedFlushElsewhere
    /// A segment is gone, and the journal holds records for it; the power is cut at every call of the start.
    case quarantinedPartition
    /// A frame that was torn is completed by another one of the next run, which is torn in its turn.
    case completedTornFrame
    /// The last acknowledged frame cannot be read.
    case unreadableFrame
    /// The power goes when a new segment is written, and its frame is not.
    case tornRoll
    /// Bytes of a torn round are cut, and the segment is sealed there before anything is written to it again.
    case cutTail
    /// Bytes of a refused round are cut, and the segment is sealed there.
    case refusedTail
    /// A topic is younger than the checkpoint, has several segments, and the next checkpoint is cut at every call.
    case rolledYoungTopic
    /// The process is killed when flushed bytes of a block were saved, and nobody knows whether durably.
    case killedInTailBlock
    /// The process is killed when a checkpoint's record was written, and not flushed.
    case killedInRecord
    /// The process is killed when a topic got its name, and that is not flushed.
    case killedInTopic
    /// The process is killed when a changed topic got its name, and that is not flushed.
    case killedInChange
    /// The process is killed when a manifest got its name, and that is not flushed.
    case killedInManifest
    /// A partition is compacted, its old files let go and forgotten; the power is cut at every call.
    case compaction
    /// A partition is compacted while a round is being written that holds a newer value.
    case compactionInRound
    /// The newest checkpoint's record is damaged, and what it covered was compacted meanwhile.
    case olderRecordAfterCompaction
    /// The power goes at every call of the first start.
    case firstStart
    /// The power goes after every call of a topic's creation, and of the first records in it.
    case newTopic
    /// The power goes after every call of a topic's growth, and of the first records in the added partition.
    case grownTopic
    /// Everything above the checkpoint is in the journal alone, and the power goes at every call of the start.
    case cutRecovery
    /// The process is killed when a data directory got its name, and that is not flushed.
    case killedInFirstStart
    /// The power goes after every call of a round that writes on a block with flushed bytes.
    case tornTailBlock
    /// A topic is deleted, and a checkpoint lets the journal forget it.
    case forgottenDeletion
    /// A round comes while a checkpoint flushes, and another checkpoint follows.
    case roundInCheckpoint
    /// A reader looks while a frame is being flushed, and the power goes.
    case earlyReader

    /// Runs it.
    /// - Parameter isSampled: whether of its many cuts a few are enough, as in a debug build.
    /// - Returns: what is wrong.
    public func run(_ mutation: StoreMutation = .none, isSampled: Bool = false) -> [StoreFlaw] {
        var run = ScenarioRun(mutation, name: rawValue, isSampled: isSampled)
        do {
            try steps(&run)
        } catch {
            run.flaws.append(StoreFlaw(.failedWorkload, "\(rawValue): \(error)"))
        }
        return run.flaws
    }

    private func steps(_ run: inout ScenarioRun) throws {
        switch self {
        case .forgedFrame: try run.forgedFrame()
        case .oversizedFrame: try run.oversizedFrame()
        case .unknownEntry: try run.unknownEntry()
        case .misdirectedFrame: try run.misdirectedFrame()
        case .lostFrame: try run.lostFrame()
        case .failureInCheckpoint: try run.failureInCheckpoint()
        case .lostWriteback: try run.lostWriteback()
        case .readAboveCheckpoint: try run.readAboveCheckpoint()
        case .strangerFile: try run.strangerFile()
        case .damagedProvenFrame: try run.damagedProvenFrame()
        case .failedFlush: try run.failedFlush()
        case .secondCheckpoint: try run.secondCheckpoint()
        case .recordUnderWay: try run.recordUnderWay()
        case .noCheckpoint: try run.noCheckpoint()
        case .damagedSlotAfterCleanStop: try run.damagedSlotAfterCleanStop()
        case .missingTopic: try run.missingTopic()
        case .shortSegment: try run.shortSegment()
        case .firstRequest: try run.firstRequest()
        case .refusedOriginal: try run.refusedOriginal()
        case .retryAfterRetention: try run.retryAfterRetention()
        case .retention: try run.retention()
        case .fullVolume: try run.fullVolume()
        case .fullVolumeAtStart: try run.fullVolumeAtStart()
        case .failedFlushElsewhere: try run.failedFlushElsewhere()
        case .firstStart: try run.firstStart()
        case .newTopic: try run.newTopic()
        case .grownTopic: try run.grownTopic()
        case .cutRecovery: try run.cutRecovery()
        case .killedInFirstStart: try run.killedInFirstStart()
        case .tornTailBlock: try run.tornTailBlock()
        case .forgottenDeletion: try run.forgottenDeletion()
        case .roundInCheckpoint: try run.roundInCheckpoint()
        case .earlyReader: try run.earlyReader()
        case .quarantinedPartition: try run.quarantinedPartition()
        case .completedTornFrame: try run.completedTornFrame()
        case .unreadableFrame: try run.unreadableFrame()
        case .tornRoll: try run.tornRoll()
        case .cutTail: try run.cutTail()
        case .refusedTail: try run.refusedTail()
        case .rolledYoungTopic: try run.rolledYoungTopic()
        case .killedInTailBlock: try run.killedInTailBlock()
        case .killedInRecord: try run.killedInRecord()
        case .killedInTopic: try run.killedInTopic()
        case .killedInChange: try run.killedInChange()
        case .killedInManifest: try run.killedInManifest()
        case .compaction: try run.compaction()
        case .compactionInRound: try run.compactionInRound()
        case .olderRecordAfterCompaction: try run.olderRecordAfterCompaction()
        }
    }
}
