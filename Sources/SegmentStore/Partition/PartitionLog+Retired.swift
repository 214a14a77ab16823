import RecordFormat
import SystemPackage

/// The end of files that retention or compaction has taken out of the list.
///
/// Their change of the manifest lists them as retired and moves them to `State.retired`, in the same moment. From then on no
/// reader finds them; those that hold them finish first.
extension PartitionLog {
    /// Unlinks retired files that nobody reads.
    ///
    /// Any thread; blocks. The manifest forgets them at its next change; until then a start finds them gone, which is right.
    /// Nothing is removed once the storage has failed: what the old files hold may be all that is left.
    func unlinkRetired() throws(FileError) {
        try maintenance.withLock { _ throws(FileError) in
            let idle = state.withLock { $0.isDeleted ? [] : $0.retired.filter { !$0.isHeld } }
            guard !idle.isEmpty, !health.hasFailed else { return }
            for segment in idle {
                segment.close()
                for path in segment.paths { try fileSystem.unlinkIfThere(path) }
            }
            for path in Set(idle.map(\.directory)) { try flushUnlinked(path) }
            let emptied = state.withLock { state in
                state.retired.removeAll { segment in idle.contains { $0 === segment } }
                state.unlinked.formUnion(idle.map(\.id))
                let listed = state.sealed.map(\.segment.directory) + state.retired.map(\.directory)
                return Set(idle.map(\.directory)).subtracting(listed + [directory])
            }
            // A directory of a generation that is gone: should it survive a crash, the next start removes it.
            for path in emptied { try? fileSystem.removeDirectory(path) }
        }
    }

    /// Makes it durable that files are gone; where their directory is gone, too, a run before this one has done so.
    private func flushUnlinked(_ path: FilePath) throws(FileError) {
        do throws(FileError) {
            try fileSystem.flushDirectory(path, .retiredNames)
        } catch {
            guard error.code == .noSuchFileOrDirectory else { throw error }
        }
    }
}

extension Segment {
    /// All files that it may have.
    var paths: [FilePath] { SegmentName.all(base).map { directory.appending($0) } }
}

extension FileSystem {
    /// Removes a file's name if there is such a file.
    func unlinkIfThere(_ path: FilePath) throws(FileError) {
        do throws(FileError) {
            try unlink(path)
        } catch {
            guard error.code == .noSuchFileOrDirectory else { throw error }
        }
    }
}

extension LogStore {
    /// Unlinks files that retention or compaction has let go and nobody reads any more.
    ///
    /// Any thread; blocks.
    ///
    /// - Throws: `outcomeUnknown` after a failed flush: the process must exit. A file that cannot be unlinked otherwise is
    ///   left for the next time.
    public func removeRetiredFiles() throws(StorageError) {
        let logs = table.withLock { Array($0.logs.values) }
        for log in logs {
            do throws(FileError) {
                try log.unlinkRetired()
            } catch {
                guard error.isFailedFlush, !log.isDeleted else { continue }
                health.fail()
                throw .outcomeUnknown(error)
            }
        }
    }
}
