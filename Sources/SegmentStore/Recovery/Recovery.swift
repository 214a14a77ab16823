import NIOCore
import RecordFormat
import Synchronization
import SystemPackage

/// A start: reads and decides; writes, cuts and flushes; records a checkpoint; and only then lets anything else happen.
///
/// Until the record every step is repeated unchanged by the next start. 03b-journal rules 17 to 23 are in
/// docs/on-disk-format.md; each step below names what it guards against.
struct Recovery {
    let configuration: StoreConfiguration
    let meta: StoreMeta
    let paths: StorePaths
    let fileSystem: DescriptorKeeper
    let wallTime: WallTime
    let lock: any StoreLock
    let slots: CheckpointSlots
    let health: StoreHealth
    private(set) var topics: [TopicID: StoredTopic] = [:]
    /// Directories of topics that were half made or half removed.
    var leftovers: [FilePath] = []
    /// Topics whose directory's name says that they were deleted: as good as the journal's word, which a crash may have
    /// taken after an earlier start had read it.
    private var retired: Set<TopicID> = []
    var partitions: [PartitionKey: RecoveringPartition] = [:]

    init(
        configuration: StoreConfiguration,
        meta: StoreMeta,
        paths: StorePaths,
        fileSystem: DescriptorKeeper,
        wallTime: @escaping WallTime,
        lock: any StoreLock
    ) throws(StorageError) {
        self.configuration = configuration
        self.meta = meta
        self.paths = paths
        self.fileSystem = fileSystem
        self.wallTime = wallTime
        self.lock = lock
        health = StoreHealth(wallTime: wallTime, tailBytesMax: configuration.tailBytesMax)
        slots = CheckpointSlots(fileSystem: fileSystem, paths: paths, directoryID: meta.directoryID)
    }

    mutating func run(report: (String) -> Void) throws(StorageError) -> LogStore {
        let checkpoint = try slots.newest()
        let ring = try JournalRing.open(paths.journal, fileSystem: fileSystem, directory: meta.directoryID)
        let volume = try announce(ring, report)
        let ballast = Ballast(fileSystem: fileSystem, path: paths.ballast, bytes: ByteCount(ring.geometry.ringBytes))
        fileSystem.useBallast(ballast)
        defer { fileSystem.useBallast(nil) }
        try findTopics(report)
        let journal = checkpoint.isClean ? JournalContent(end: checkpoint.lsn) : try read(ring, from: checkpoint.lsn)
        var producers = try self.producers(of: checkpoint, with: journal)
        try load(checkpoint, journal)
        var next = checkpoint.lsn
        var run = checkpoint.run
        if !checkpoint.isClean {
            let replayed = try replay(ring, from: checkpoint.lsn)
            try salvage(journal, ring, from: checkpoint.lsn, report)
            report(
                "recovered after an unclean stop: \(replayed) batches of the journal written again, up to LSN \(journal.end)"
            )
            // Two ring lengths further no LSN of a torn frame can come back, and the place stays the same.
            let gap = PlantedFault.lsnReused.isPlanted ? 0 : 2 * ring.geometry.ringBytes
            next = journal.end.advanced(by: gap)
            run = LeaderEpoch(checkpoint.run.value + (PlantedFault.runNumberKept.isPlanted ? 0 : 1))
        }
        try retire(journal.deletedTopics)
        if !journal.registrations.isEmpty { try save(&producers) }
        let record = CheckpointRecord(
            generation: checkpoint.generation + 1,
            lsn: next,
            run: run,
            isClean: checkpoint.isClean && PlantedFault.cleanFlagNotCleared.isPlanted,
            nextProducer: producers.savedNext,
            rows: partitions.values.map { $0.recoveredRow() }
        )
        if PlantedFault.ringBeforeRecord.isPlanted { try PlantedFaults.writeFrame(to: ring, at: next) }
        try StorageError.wrap { () throws(FileError) in
            try fileSystem.givingRoom { () throws(FileError) in try slots.write(record) }
        }
        reportQuarantines(report)
        try removeLeftovers(report, isClean: checkpoint.isClean)
        if !checkpoint.isClean { try tidy(report) }
        let space = StoreSpace(configuration, fileSystem: fileSystem, ballast: ballast, volume: volume)
        space.update()
        if space.isFull { report("storage: full; records are taken when \(paths.directory) has more room") }
        return store(record, ring: ring, space, producers)
    }

    /// Says where the journal lies and how it is written.
    /// - Returns: the data directory's volume.
    private func announce(_ ring: JournalRing, _ report: (String) -> Void) throws(StorageError) -> Volume {
        let (volume, data, alignment) = try StorageError.wrap { () throws(FileError) in
            (
                try fileSystem.volume(of: paths.journal), try fileSystem.volume(of: paths.directory),
                try fileSystem.directAlignment(of: paths.journal)
            )
        }
        let way = ring.isDirect ? "around the page cache" : "through the page cache"
        report(
            "journal: \(ByteCount(ring.geometry.ringBytes)) on \(volume.type), blocks of \(ring.geometry.block) bytes"
                + " (direct I/O needs \(alignment.map { "\($0.value)" } ?? "an unknown alignment")), written \(way)"
        )
        for type in Set([volume.type, data.type]).sorted() where !["ext4", "xfs", "overlay"].contains(type) {
            report("durability: unverified, since \(type) is not among the file systems that are tested")
        }
        return data
    }

    // MARK: Reading and deciding

    private mutating func findTopics(_ report: (String) -> Void) throws(StorageError) {
        let names = try StorageError.wrap { () throws(FileError) in
            // Before anything rests on these names: a killed process leaves some in the cache alone.
            try fileSystem.flushDirectory(paths.topics, .foundTopics)
            return try fileSystem.list(paths.topics)
        }
        for name in names {
            let directory = paths.topics.appending(name)
            if let id = StorePaths.leftoverTopic(name) {
                leftovers.append(directory)
                if name.hasSuffix(".deleted") { retired.insert(id) }
                continue
            }
            guard let id = TopicID(hex: name) else {
                report("\(directory) is not Millrace's, and was left alone")
                continue
            }
            topics[id] = try topic(id, in: directory)
        }
    }

    private func topic(_ id: TopicID, in directory: FilePath) throws(StorageError) -> StoredTopic {
        let path = directory.appending("topic")
        let content: ByteBuffer
        do throws(FileError) {
            try fileSystem.flushDirectory(directory, .foundTopic)
            content = try fileSystem.readWhole(path)
        } catch {
            guard error.code == .noSuchFileOrDirectory else { throw .io(error) }
            throw .corrupt(path: path, position: .zero, reason: "it is missing: restore it, or move \(directory) away")
        }
        let topic = try StoredTopic(decoding: content, directory: meta.directoryID, path: path)
        guard topic.id == id else {
            throw .corrupt(path: path, position: .zero, reason: "it belongs to topic \(topic.id.hex)")
        }
        return topic
    }

    /// What the journal holds above the checkpoint: every frame checked, and nothing written yet.
    private func read(_ ring: JournalRing, from start: LSN) throws(StorageError) -> JournalContent {
        let reader = try JournalReader(ring)
        var content = JournalContent(end: start)
        let path = paths.journal
        content.end = try reader.forEachFrame(from: start) { body, count, place throws(StorageError) in
            try FrameEntry.forEach(in: body, count: count, at: (path, place)) { entry throws(StorageError) in
                try content.note(entry, body: body, place: (path, place))
            }
        }
        try reader.refuseDamage(at: content.end)
        return content
    }

    /// Sets up every partition where its replay begins, and refuses what is not accounted for.
    private mutating func load(_ checkpoint: CheckpointRecord, _ journal: JournalContent) throws(StorageError) {
        for id in journal.appendedTopics.union(checkpoint.rows.map(\.key.topic))
        where topics[id] == nil && !journal.deletedTopics.contains(id) && !retired.contains(id) {
            if PlantedFault.deletionWithoutEvidence.isPlanted { continue }
            throw .corrupt(
                path: paths.topic(id),
                position: .zero,
                reason: "the topic's directory is gone, and nothing says that it was deleted: restore it"
            )
        }
        // A deletion that was acknowledged holds, also where its directory was not removed yet.
        for id in journal.deletedTopics { topics[id] = nil }
        try refuseNamesakes()
        let now = wallTime()
        let rows = Dictionary(checkpoint.rows.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        for topic in topics.values {
            for index in 0..<topic.partitionCount {
                let key = PartitionKey(topic: topic.id, partition: PartitionIndex(index))
                let partition = try RecoveringPartition(
                    key: key,
                    directory: paths.partition(key),
                    fileSystem: fileSystem,
                    owner: meta.directoryID,
                    row: rows[key],
                    now: now,
                    isClean: checkpoint.isClean
                )
                partitions[key] = partition
            }
        }
        // A topic only grows: one with fewer partitions than were known is not the file that was last in force.
        for key in rows.keys where partitions[key] == nil {
            guard let topic = topics[key.topic] else { continue }
            throw .corrupt(
                path: paths.topic(key.topic).appending("topic"),
                position: .zero,
                reason: "it lists \(topic.partitionCount) partitions, and there was a partition \(key.partition)"
            )
        }
    }

    private func refuseNamesakes() throws(StorageError) {
        var known: [TopicName: TopicID] = [:]
        for topic in topics.values {
            guard let namesake = known.updateValue(topic.id, forKey: topic.name) else { continue }
            throw .corrupt(
                path: paths.topic(topic.id),
                position: .zero,
                reason: "the topic \(topic.name) is there twice, also as \(namesake.hex): move one of them away"
            )
        }
    }

    // MARK: Writing

    /// Writes again what the journal holds, whatever the page cache shows, then cuts and flushes.
    /// - Returns: how many batches were written.
    private mutating func replay(_ ring: JournalRing, from start: LSN) throws(StorageError) -> Int {
        let path = paths.journal
        var written = 0
        _ = try JournalReader(ring).forEachFrame(from: start) { body, count, place throws(StorageError) in
            try FrameEntry.forEach(in: body, count: count, at: (path, place)) { entry throws(StorageError) in
                guard let key = entry.partition, topics[key.topic] != nil else { return }
                guard partitions[key] != nil else {
                    throw .corrupt(path: path, position: place, reason: "there is no partition \(key)")
                }
                switch entry {
                case .batch(let bytes):
                    let wrote = try partitions[key]?.replay(batch: bytes, body: body, place: (path, place))
                    written += wrote == true ? 1 : 0
                case .tailBlock(let bytes):
                    try partitions[key]?.replay(tailBlock: bytes, body: body, place: (path, place))
                case .prefixDeletion(let deletion):
                    partitions[key]?.replay(deletion)
                case .topicDeletion, .producerRegistration:
                    break
                }
            }
        }
        for key in partitions.keys { try partitions[key]?.finishReplay() }
        return written
    }

    /// Takes the names of deleted topics away.
    ///
    /// Before the record, since after it the journal no longer says that they were deleted.
    private mutating func retire(_ deleted: Set<TopicID>) throws(StorageError) {
        var renamed: [FilePath] = []
        try StorageError.wrap { () throws(FileError) in
            for id in deleted where try fileSystem.kind(of: paths.topic(id)) != nil {
                try fileSystem.rename(paths.topic(id), to: paths.deletedTopic(id))
                renamed.append(paths.deletedTopic(id))
            }
            if !deleted.isEmpty { try fileSystem.flushDirectory(paths.topics, .topicRemoved) }
        }
        leftovers.append(contentsOf: renamed)
    }

    /// Removes what was half made or half removed.
    ///
    /// After a clean stop there are no leftovers of compactions: each removes its own.
    private func removeLeftovers(_ report: (String) -> Void, isClean: Bool) throws(StorageError) {
        for path in leftovers {
            try StorageError.wrap { () throws(FileError) in try fileSystem.removeTree(path) }
            report("removed \(path): its topic was deleted or never completed")
        }
        guard !isClean else { return }
        for partition in partitions.values {
            try StorageError.wrap { () throws(FileError) in try partition.removeLeftovers(report) }
        }
    }

    private func store(
        _ record: CheckpointRecord,
        ring: JournalRing,
        _ space: StoreSpace,
        _ producers: ProducerRegistry
    ) -> LogStore {
        var logs: [PartitionKey: PartitionLog] = [:]
        for (key, partition) in partitions {
            let log = partition.log(health: health)
            if let topic = topics[key.topic] { log.adopt(topic) }
            logs[key] = log
        }
        let journal = LogStore.JournalState(
            ring: ring,
            buffer: FrameBuffer(ring: ring.geometry),
            next: record.lsn,
            generation: record.generation
        )
        let parts = LogStore.OpenedParts(
            configuration: configuration,
            meta: meta,
            run: record.run,
            keeper: fileSystem,
            space: space,
            wallTime: wallTime,
            paths: paths,
            slots: slots,
            lock: lock,
            health: health,
            producers: producers
        )
        return LogStore(parts, journal: journal, table: TopicTable(topics: topics, logs: logs))
    }
}
