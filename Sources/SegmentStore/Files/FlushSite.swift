/// Every place where the store makes bytes or names durable.
///
/// The reason says what a crash would take if it were missing; the tests switch each site off in turn and must
/// notice.
public enum FlushSite: String, CaseIterable, Hashable, Sendable {
    /// A frame, before its requests are answered: without it acknowledged records are lost.
    case journalFrame
    /// Tail blocks, before their segments are written: without it a cut during that write takes flushed bytes of the block.
    case journalTailBlocks
    /// The pre-written ring, before it gets its name: without it the first frames meet blocks of unknown content.
    case journalCreated
    /// A checkpoint record, before the ring may overwrite what it covers.
    case checkpointSlot
    /// The names of the ring, both slots and all else in a new directory, before `millrace.meta` says that they are there; and
    /// that of a slot that is made again.
    case checkpointNames
    /// `millrace.meta`, which is written last at creation.
    case metaFile
    /// The name of `millrace.meta`.
    case metaName
    /// The data directory's own name in its parent.
    case directoryName
    /// A new topic's `topic` file.
    case topicFile
    /// The names in a new topic's directory: its partitions and `topic`.
    case topicContents
    /// The name of the topic's directory, before the creation is answered.
    case topicName
    /// The directories of added partitions, before a `topic` file counts them.
    case addedPartitions
    /// A changed `topic` file before it is renamed into place.
    case changedTopic
    /// The name of a changed `topic` file, before the change is answered and frames may name an added partition.
    case changedTopicName
    /// The names of topics after deletions, before a checkpoint lets the ring forget that they were deleted.
    case topicRemoved
    /// A segment, before a checkpoint covers its bytes.
    case segment
    /// The names of new segments, before a checkpoint covers them.
    case segmentNames
    /// A manifest before it is renamed into place.
    case manifest
    /// The name of a manifest.
    case manifestName
    /// The names of retired files taken away, before the manifest forgets them: without it they come back, named by nobody.
    case retiredNames
    /// A log that compaction wrote, before the manifest lists it instead of those it was made of.
    case compactedSegment
    /// The versions before a compacted segment's records, before the manifest lists their checksum.
    case compactedVersions
    /// The names of compacted files, before the manifest lists them.
    case compactedNames
    /// The name of a generation's directory, before the manifest lists what is in it.
    case generationName
    /// A segment that recovery wrote or cut.
    case recoveredSegment
    /// The names that recovery made or removed.
    case recoveredNames
    /// The records of a quarantined partition, before the record that lets the ring forget them.
    case salvage
    /// The name of a salvage file, and that of a directory that was made for it.
    case salvageName
    /// The ballast and its name: after a crash its room must still be taken, for the replay alone to have.
    case ballast
    /// The ring, before recovery reads it and rests on what it read. A killed process leaves frames that only a cache holds:
    /// without this they vanish while blocks are written that only they can restore.
    case foundRing
    /// Both checkpoint slots, before a start rests on the newer and writes over the older one: a killed process may have left
    /// the newer one in the cache.
    case foundSlot
    /// The names in the data directory: `millrace.meta` may have one that only the cache holds.
    case foundNames
    /// The names of topics that a start found, made or taken away by a process that was killed then.
    case foundTopics
    /// The name of a `topic` file that a start found: the one before it has fewer partitions.
    case foundTopic
    /// The name of a manifest that a start found: the one before it would leave a hole.
    case foundManifest
    /// The registry of producers' names, before a checkpoint lets the ring forget the registrations in it.
    case producersFile
    /// The name of that registry.
    case producersName
    /// A snapshot of a partition's producers, before the manifest lists segments that compaction and retention may then take.
    case snapshot
}
