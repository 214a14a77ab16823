import RecordFormat

extension RecoveringPartition {
    /// Removes what an interrupted compaction had written, and the manifest does not list.
    ///
    /// Only after recovery's record, and never where the manifest is damaged: then nobody knows what it listed. Anything
    /// whose name is not one that compaction gives is left.
    func removeLeftovers(_ report: (String) -> Void) throws(FileError) {
        guard quarantine == nil else { return }
        let listed = Set(manifest.sealed.map(\.id) + manifest.retired)
        for name in names {
            guard let generation = SegmentName.generation(ofDirectory: name),
                try fileSystem.kind(of: directory.appending(name)) == .directory
            else { continue }
            let path = directory.appending(name)
            var rest = 0
            for file in try fileSystem.list(path) {
                guard let base = SegmentName.base(ofAny: file),
                    !listed.contains(SegmentID(base: base, generation: generation))
                else {
                    rest += 1
                    continue
                }
                try fileSystem.unlink(path.appending(file))
                report("removed \(path)/\(file): the compaction that wrote it was interrupted")
            }
            if rest == 0 { try fileSystem.removeDirectory(path) }
        }
    }
}
