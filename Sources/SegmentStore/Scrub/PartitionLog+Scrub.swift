import NIOCore
import RecordFormat
import SystemPackage

/// What checkpoints and scrubs ask of a partition about whole files.
extension PartitionLog {
    /// The sealed segments that the manifest lists, in order.
    func listedSegments() -> [SegmentID] {
        state.withLock { state in
            state.isDeleted ? [] : state.sealed.filter { $0.facts.base < state.manifest.end }.map(\.facts.id)
        }
    }

    /// A sealed segment, acquired, as the list has it now; nil when it is no longer there.
    func hold(_ id: SegmentID) -> SealedLog? {
        state.withLock { state in
            guard !state.isDeleted, let found = state.sealed.first(where: { $0.facts.id == id }) else { return nil }
            found.segment.acquire()
            return found
        }
    }

    /// Serves nothing of a sealed segment any more: its file is not the one that was sealed.
    func noteStranger(_ id: SegmentID, _ reason: String) {
        state.withLock { state in
            guard let index = state.sealed.firstIndex(where: { $0.facts.id == id }) else { return }
            state.sealed[index].strangeness = reason
        }
    }

    /// Segments with their checksums, when the flusher lists them.
    ///
    /// A log that cannot be read now is left without; a scrub gives it some later. The log was written a moment ago, so
    /// reading it costs no I/O as a rule.
    func summedUp(_ sealed: [SealedSegment]) -> [SealedSegment] {
        sealed.map { facts in
            guard facts.checksums == nil, let held = hold(facts.id) else { return facts }
            defer { held.segment.release() }
            var summed = facts
            if let log = try? held.segment.file().checksum(upTo: facts.size) {
                summed.checksums = checksums(of: held, log: log)
            }
            return summed
        }
    }

    /// The checksums of a segment whose log is known; those of its indexes are of what their files should hold.
    func checksums(of held: SealedLog, log: UInt32) -> SealedSegment.Checksums? {
        guard let index = try? held.segment.encodedIndex(limit: held.facts.size),
            let times = try? held.segment.encodedTimes(limit: held.facts.size)
        else { return nil }
        return SealedSegment.Checksums(log: log, index: index.crc32C, timeIndex: times.crc32C)
    }

    /// Lists a segment's checksums in the manifest, unless it is gone meanwhile.
    func setChecksums(_ checksums: SealedSegment.Checksums, of id: SegmentID) throws(FileError) {
        _ = try changeManifestUnlessRefused(
            { manifest in
                guard let index = manifest.sealed.firstIndex(where: { $0.id == id }) else { return false }
                manifest.sealed[index].checksums = checksums
                return true
            },
            apply: { $0.adoptFacts() }
        )
    }

    /// An index file that is not what it should be; nil when all are right.
    func wrongIndex(of held: SealedLog, _ known: SealedSegment.Checksums) -> FilePath? {
        let path = held.segment.indexPath
        guard let content = try? fileSystem.readWhole(path), content.crc32C == known.index else { return path }
        return nil
    }

    /// Makes a segment's indexes again from its log.
    func rebuildIndexes(of held: SealedLog) {
        try? held.segment.rebuildIndex(limit: held.facts.size)
        writeIndexes(of: [held.facts])
    }
}

extension PartitionLog.State {
    /// Takes over what the manifest says of the segments that it lists.
    mutating func adoptFacts() {
        let listed = Dictionary(manifest.sealed.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for index in sealed.indices {
            guard let facts = listed[sealed[index].facts.id] else { continue }
            sealed[index].facts = facts
        }
    }
}

extension ByteBuffer {
    /// The CRC-32C of the readable bytes.
    var crc32C: UInt32 { withUnsafeReadableBytes { CRC32C.checksum($0) } }
}
