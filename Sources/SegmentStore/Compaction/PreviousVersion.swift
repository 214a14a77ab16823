public import RecordFormat

/// What a compacted segment says of the version before one of its records: the record of the same key that it replaced.
public enum PreviousVersion: Hashable, Sendable {
    /// There was none: the record is the first of its key, or what came before was deleted and forgotten.
    case none
    /// There was one at this offset; compaction has removed it.
    case removed(Offset)
    /// Nothing is known: the record was not compacted yet, or the file that told it is gone.
    case unknown
}

/// The version before one record.
struct VersionEntry: Hashable {
    let offset: Offset
    let previous: PreviousVersion
}

extension PartitionLog {
    /// The version before a record of a compacted segment.
    ///
    /// Blocks: opens the segment's versions file and reads about as many pages as the number of pages has bits.
    ///
    /// For a watch: a record at or above `compactedBelow` has the version before it in the log, or there never was one; a
    /// compacted segment then answers `none`, and where no segment is compacted yet the answer is `unknown` and a look at
    /// the log's own records tells. Below `compactedBelow` versions are missing, and a watch cannot begin there; ask
    /// `compactedBelow` after reading, not before: a compaction may pass a reader by.
    /// - Throws: `deleted`, `offsetOutOfRange`. Damage of the file is no error: it is derived, and the answer is `unknown`.
    public func previousVersion(of offset: Offset) throws(StorageError) -> PreviousVersion {
        let found = try state.withLock { state throws(StorageError) -> SealedLog? in
            guard !state.isDeleted else { throw .deleted }
            guard offset >= state.logStart, offset < state.end else {
                throw .offsetOutOfRange(asked: offset, logStart: state.logStart, visible: state.end)
            }
            guard let found = state.sealed.last(where: { $0.facts.base <= offset }), offset < found.facts.end else {
                return nil
            }
            found.segment.acquire()
            return found
        }
        guard let found else { return .unknown }
        defer { found.segment.release() }
        guard var reader = VersionsReader(found.facts, of: self) else { return .unknown }
        defer { reader.close() }
        return reader.previous(of: offset) ?? .unknown
    }
}
