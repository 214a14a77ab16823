import RecordFormat
import SystemPackage

/// The one way in which the manifest changes.
extension PartitionLog {
    /// Applies a change to the manifest in force, makes it durable, and only then lets it be seen.
    ///
    /// Blocks. The flusher, retention, compaction and scrub may all call it: each change is made to the one before, never to
    /// a list that was read earlier.
    /// - Parameter change: what is to be different in the file.
    /// - Parameter apply: what is to be different in memory, in the same moment as the new manifest.
    /// - Throws: the failed operation; a failed flush must stop the process, after anything else the old manifest holds.
    func changeManifest(
        _ change: (inout Manifest) -> Void,
        apply: (inout State) -> Void = { _ in }
    ) throws(FileError) {
        _ = try changeManifestUnlessRefused(
            { manifest in
                change(&manifest)
                return true
            },
            apply: apply
        )
    }

    /// The same for a change that may find that it no longer fits the manifest in force, and then changes nothing.
    ///
    /// - Returns: whether it was made.
    func changeManifestUnlessRefused(
        _ change: (inout Manifest) -> Bool,
        apply: (inout State) -> Void
    ) throws(FileError) -> Bool {
        try maintenance.withLock { _ throws(FileError) in
            let (manifest, unlinked, isLost) = state.withLock { ($0.manifest, $0.unlinked, $0.isManifestLost) }
            guard !isLost else { throw FileError(.rename, directory.appending(Manifest.fileName), .needsRepair) }
            var changed = PlantedFaults.listed(manifest, of: directory)
            guard change(&changed) else { return false }
            changed.retired.removeAll { unlinked.contains($0) }
            if PlantedFault.unlinkBeforeManifest.isPlanted { try plantUnlink(changed.retired) }
            try fileSystem.replace(
                directory.appending(Manifest.fileName),
                with: changed.encoded(directory: owner, key: key),
                fileSite: .manifest,
                nameSite: .manifestName
            )
            state.withLock { state in
                state.manifest = changed
                state.unlinked.subtract(unlinked)
                apply(&state)
            }
            return true
        }
    }
}

extension Errno {
    /// EUCLEAN, which Linux tells as "structure needs cleaning".
    static let needsRepair = Errno(rawValue: 117)
}
