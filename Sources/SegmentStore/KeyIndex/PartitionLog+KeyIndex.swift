import RecordFormat
import SystemPackage

/// What a partition's directory remembers of the index of its keys.
extension PartitionLog {
    /// Opens the index that was written last, if it fits the log as it stands; nil where the log has to be read.
    ///
    /// Blocks; any thread. It does not fit when the log does not reach up to it or another run appended what stands before
    /// it, when the manifest is an older one than it was written with, when a tombstone that it has not come to
    /// was removed, and while the partition is set aside.
    public func openKeyIndex() -> KeyIndexReader? {
        let path = directory.appending(KeyIndexFile.name)
        guard let reader = try? KeyIndexReader(path, owner: owner, fileSystem: fileSystem) else { return nil }
        guard fits(reader.head) else {
            reader.close()
            return nil
        }
        return reader
    }

    private func fits(_ head: KeyIndexHead) -> Bool {
        state.withLock { state in
            head.key == key && !state.isDeleted && state.quarantine == nil && head.facts.version <= state.end
                && head.run == state.epochs.run(before: head.facts.version)
                && head.logStart <= state.logStart
                && head.compactedBelow <= state.manifest.compactedBelow
                && head.nextGeneration <= state.manifest.nextGeneration
                && !state.manifest.removedTombstones.mayBeMissed(
                    beyond: head.facts.version,
                    since: head.facts.begun
                )
        }
    }

    /// Replaces the index, unflushed: what a crash makes of it is told by its checksums.
    ///
    /// - Returns: false when the partition is gone or set aside, or the content was not what the facts announce.
    func writeKeyIndex(
        _ facts: KeyIndexFacts,
        _ content: (inout KeyIndexWriter) throws(FileError) -> Void
    ) throws(FileError) -> Bool {
        let head: KeyIndexHead? = state.withLock { state in
            guard !state.isDeleted, state.quarantine == nil else { return nil }
            return KeyIndexHead(
                facts,
                key: key,
                run: state.epochs.run(before: facts.version),
                logStart: state.logStart,
                compactedBelow: state.manifest.compactedBelow,
                nextGeneration: state.manifest.nextGeneration,
                number: .random(in: .min ... .max)
            )
        }
        guard let head else { return false }
        let path = directory.appending(KeyIndexFile.name)
        let beside = FilePath(path.string + ".new")
        do throws(FileError) {
            guard try write(head, to: beside, content) else {
                try? fileSystem.unlink(beside)
                return false
            }
            try fileSystem.rename(beside, to: path)
            return true
        } catch {
            try? fileSystem.unlink(beside)
            throw error
        }
    }

    private func write(
        _ head: KeyIndexHead,
        to path: FilePath,
        _ content: (inout KeyIndexWriter) throws(FileError) -> Void
    ) throws(FileError) -> Bool {
        let file = try fileSystem.open(path, .create)
        defer { file.close() }
        var writer = try KeyIndexWriter(file, head, directory: owner)
        try content(&writer)
        return writer.isWhole
    }
}

extension LogStore {
    /// Writes the index of a partition's keys into its directory, so that the next start need not read all of the log.
    ///
    /// Any thread; blocks; one at a time for a partition. Nothing is flushed, and a volume that is short of room is left
    /// alone: without the file, or with a damaged one, the log tells the same.
    /// - Parameter content: adds all keys and distances that the facts announce.
    /// - Returns: whether it was written.
    @discardableResult
    public func saveKeyIndex(
        of key: PartitionKey,
        _ facts: KeyIndexFacts,
        _ content: (inout KeyIndexWriter) throws(FileError) -> Void
    ) -> Bool {
        guard !health.hasFailed, !space.isFull, let log = partition(key),
            let room = try? fileSystem.volume(of: paths.directory).availableBytes,
            room > space.floorBytes + UInt64(facts.fileBytes)
        else { return false }
        return (try? log.writeKeyIndex(facts, content)) ?? false
    }
}
