import RecordFormat
import Synchronization
import SystemPackage

/// Planted faults that take more than a line at the place of the rule.
enum PlantedFaults {
    /// Whether the round's frame is written at another place than where it should be.
    static var writesFrameItself: Bool {
        PlantedFault.frameBeforeSegments.isPlanted || PlantedFault.enospcAtFlushTakenForFull.isPlanted
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
