import RecordFormat
import SystemPackage

/// What becomes of partitions that cannot be served whole, and of files that nobody needs.
extension Recovery {
    /// Saves the journal's entries of partitions that are set aside, before the record lets the journal forget them.
    ///
    /// The journal is read once more: only now is it known which partitions cannot take their entries. When saving fails the
    /// start is refused: there would be acknowledged records nowhere.
    func salvage(
        _ journal: JournalContent,
        _ ring: JournalRing,
        from start: LSN,
        _ report: (String) -> Void
    ) throws(StorageError) {
        var salvages: [PartitionKey: Salvage] = [:]
        for (key, partition) in partitions where journal.appendedPartitions.contains(key) {
            guard let quarantine = partition.quarantine else { continue }
            salvages[key] = Salvage(
                key: key,
                lsn: start,
                segmentBase: partition.activeBase,
                position: partition.position,
                end: partition.end,
                reason: quarantine.reason
            )
        }
        guard !salvages.isEmpty, !PlantedFault.quarantineWithoutSalvage.isPlanted else { return }
        let path = paths.journal
        _ = try JournalReader(ring).forEachFrame(from: start) { body, count, place throws(StorageError) in
            try FrameEntry.forEach(in: body, count: count, at: (path, place)) { entry throws(StorageError) in
                guard let key = entry.partition else { return }
                salvages[key]?.add(entry, body: body)
            }
        }
        for (key, salvage) in salvages where !salvage.entries.isEmpty {
            let directory = paths.partition(key)
            try StorageError.wrap { () throws(FileError) in
                try fileSystem.givingRoom { () throws(FileError) in
                    try salvage.write(to: directory, owner: meta.directoryID, fileSystem: fileSystem)
                }
            }
            report("\(directory): \(salvage.entries.count) entries of the journal saved in \(salvage.fileName)")
        }
    }

    /// Tells what is set aside, and what no longer is.
    func reportQuarantines(_ report: (String) -> Void) {
        for (key, partition) in partitions {
            let name = "\(topics[key.topic]?.name.description ?? key.topic.hex)/\(key.partition)"
            if let quarantine = partition.quarantine {
                report(
                    "partition \(name) is quarantined since \(quarantine.since.rfc3339): \(quarantine.reason);"
                        + " it takes no records, look at it with `millrace log verify`"
                )
            } else if partition.row?.quarantine != nil {
                report("partition \(name) was quarantined, and is whole again")
            }
        }
    }

    /// Removes what interrupted work left under known names, and tells of files that nobody names.
    ///
    /// After the record, since nothing of it matters to recovery. A partition that is set aside is left as it is.
    func tidy(_ report: (String) -> Void) throws(StorageError) {
        for partition in partitions.values where partition.quarantine == nil {
            for name in partition.names {
                let path = partition.directory.appending(name)
                switch partition.role(of: name) {
                case .needed: continue
                case .leftover: try StorageError.wrap { () throws(FileError) in try remove(path) }
                case .unknown:
                    if PlantedFault.unknownFileDeleted.isPlanted { try? remove(path) }
                    report("\(path) is not Millrace's, and was left alone")
                }
            }
        }
    }

    private func remove(_ path: FilePath) throws(FileError) {
        switch try fileSystem.kind(of: path) {
        case nil: return
        case .directory: try fileSystem.removeTree(path)
        default: try fileSystem.unlink(path)
        }
    }
}

extension RecoveringPartition {
    /// What a name in a partition's directory stands for.
    enum NameRole: Hashable {
        /// A file in use, or one that will be unlinked in its time.
        case needed
        /// What interrupted work left.
        case leftover
        /// Nobody names it.
        case unknown
    }

    /// Judges a name by the manifest and the log's segments.
    func role(of name: String) -> NameRole {
        let names = [Manifest.fileName, SegmentName.cut, KeyIndexFile.name]
        if names.contains(name) || Salvage.isName(name) { return .needed }
        if name.hasSuffix(".new") || name == SegmentName.spare { return .leftover }
        let listed = sealed.map(\.id) + manifest.retired + [activeID]
        // Of these `removeLeftovers` has taken what the manifest does not list.
        if SegmentName.generation(ofDirectory: name) != nil { return .needed }
        guard let base = SegmentName.base(ofAny: name) else { return .unknown }
        let isListed = listed.contains { $0.base == base && $0.generation == 0 }
        if isListed || SegmentName.isSnapshot(name) { return .needed }
        // Replay has removed logs above the end; the rest there is derived, and stands for nothing.
        let isAbove = base >= min(activeBase, replayStart) && !PlantedFault.higherBaseKept.isPlanted
        return isAbove ? .leftover : .unknown
    }
}
