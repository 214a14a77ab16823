import RecordFormat
import Synchronization
import SystemPackage

/// Planted faults that take more than a line at the place of the rule.
enum PlantedFaults {
    /// Whether the round's frame is written at another place than where it should be.
    static var writesFrameItself: Bool {
        PlantedFault.frameBeforeSegments.isPlanted || PlantedFault.enospcAtFlushTakenForFull.isPlanted
    }

    /// Whether replay begins where the checkpoint says, although the manifest lists more.
    static func ignoresEnd(of manifest: Manifest) -> Bool {
        if PlantedFault.replayIntoSealed.isPlanted { return true }
        return PlantedFault.replayIntoCompacted.isPlanted && manifest.sealed.contains { $0.generation > 0 }
    }

    /// Lists segments in a partition's manifest at once.
    static func list(_ sealed: [SealedSegment], of partition: RecoveringPartition) throws(FileError) {
        guard let last = sealed.last, last.end > partition.manifest.end else { return }
        var manifest = partition.manifest
        manifest.sealed = sealed
        manifest.end = last.end
        try partition.fileSystem.replace(
            partition.directory.appending(Manifest.fileName),
            with: manifest.encoded(directory: partition.owner, key: partition.key),
            fileSite: .manifest,
            nameSite: .manifestName
        )
    }

    /// Notes what a log's files hold behind its sealed segments, whatever of it is durable.
    static func scanActive(of log: PartitionLog, into map: KeyMap) throws(CompactionStop) {
        guard PlantedFault.compactionSawUnflushed.isPlanted, let active = log.state.withLock({ $0.active }),
            let limit = try? active.file().size()
        else { return }
        var walk = SegmentWalk(active, limit: limit, chunkBytes: 1 << 20)
        while let place = try? walk.next(), let bytes = try? walk.bytes(of: place, mayRead: true),
            let batch = try? RecordBatch(verifying: bytes)
        {
            try? batch.forEachRecord { record, bytes in
                guard let key = record.key else { return }
                _ = map.note(UnsafeRawBufferPointer(rebasing: bytes[key]), at: record.offset)
            }
        }
    }

    /// Gives a compacted segment the name of the first one that it replaces.
    static func renamed(
        _ made: SealedSegment,
        _ group: [SealedSegment],
        in log: PartitionLog
    ) throws(FileError) -> SealedSegment {
        guard PlantedFault.compactedUnderOldName.isPlanted, let first = group.first else { return made }
        let name = SegmentName.log(made.base)
        let target = first.id.directory(in: log.directory).appending(name)
        try log.fileSystem.rename(made.id.directory(in: log.directory).appending(name), to: target)
        try log.fileSystem.flushDirectory(log.directory, .compactedNames)
        var renamed = made
        renamed.generation = first.generation
        return renamed
    }

    #if PLANTED_FAULTS
        /// The manifest of each directory before its last change.
        private static let earlier = Mutex<[FilePath: Manifest]>([:])

        /// The list that a change of a manifest begins with: the one in force, or one that was read before the last change.
        static func listed(_ manifest: Manifest, of directory: FilePath) -> Manifest {
            guard PlantedFault.staleManifestWrittenBack.isPlanted else { return manifest }
            return earlier.withLock { earlier in
                defer { earlier[directory] = manifest }
                return earlier[directory] ?? manifest
            }
        }

        /// Writes an empty frame.
        static func writeFrame(to ring: JournalRing, at lsn: LSN) throws(StorageError) {
            let buffer = FrameBuffer(ring: ring.geometry)
            try StorageError.wrap { () throws(FileError) in
                try ring.append(buffer.seal(at: lsn), at: lsn, .journalFrame)
            }
        }
    #else
        static func listed(_ manifest: Manifest, of directory: FilePath) -> Manifest { manifest }

        static func writeFrame(to ring: JournalRing, at lsn: LSN) throws(StorageError) {}
    #endif
}

extension LogStore {
    /// Writes the round's frame while the round can still be refused.
    func plantFrame(_ round: Round, _ journal: inout JournalState) throws(FileError) {
        guard !round.isEmpty else { return }
        do throws(StorageError) {
            try append(&journal, .journalFrame)
        } catch {
            switch error {
            case .io(let failure), .outcomeUnknown(let failure): throw failure
            default: return
            }
        }
    }

    /// Adds what a checkpoint sealed to the manifests.
    func extendManifests(_ checkpoint: Checkpoint) throws(FileError) {
        for partition in checkpoint.dirty where !partition.sealed.isEmpty {
            try partition.log.extendManifest(by: partition.sealed)
        }
    }
}

extension PartitionLog {
    /// Removes files that the manifest in force may still list.
    func plantUnlink(_ segments: [SegmentID]) throws(FileError) {
        for id in segments {
            for path in Segment(id, partition: directory, fileSystem: fileSystem).paths {
                try fileSystem.unlinkIfThere(path)
            }
        }
    }
}
