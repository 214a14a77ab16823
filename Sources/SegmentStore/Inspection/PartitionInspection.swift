import NIOCore
import RecordFormat
import SystemPackage

/// A segment as the checkpoint and the manifest know it.
public struct SegmentFacts: Sendable {
    /// The log file.
    public let path: FilePath
    /// The first offset that it may hold.
    public let base: Offset
    /// Its end (exclusive).
    public let end: Offset
    /// The bytes of it that were flushed.
    public let size: ByteCount
    /// The largest timestamp of its records; nil when it holds none.
    public let maxTimestamp: Timestamp?
    /// When it was sealed; nil for the active one.
    public let sealedAt: Timestamp?
    /// 0 as it was written, n as compaction number n made it.
    public let generation: UInt64
    /// The checksum of the whole log file, once it is known.
    public let checksum: UInt32?
    /// Whether it takes appends.
    public let isActive: Bool
    let id: SegmentID
    let facts: SealedSegment?
}

/// What a checkpoint and a manifest say of a partition.
public struct PartitionFacts: Sendable {
    /// The partition.
    public let key: PartitionKey
    /// Its directory.
    public let directory: FilePath
    /// The first offset that is kept.
    public let logStart: Offset
    /// The next offset to assign, as of the checkpoint.
    public let end: Offset
    /// The offset below which history is incomplete.
    public let compactedBelow: Offset
    /// Which leader epoch began where.
    public let epochs: [(epoch: LeaderEpoch, first: Offset)]
    /// The segments in order, the active one last.
    public let segments: [SegmentFacts]
    /// Files that are to be unlinked.
    public let retired: [FilePath]
    /// Files that nobody names.
    public let unnamed: [FilePath]
    /// Records that a start saved beside the log, because the log could not take them.
    public let salvage: [FilePath]
    /// What of it cannot be read.
    public let findings: [Finding]
    let row: PartitionRow?
    let manifest: Manifest?
}

extension DirectoryInspection {
    /// What is known of a partition.
    public func partition(_ key: PartitionKey) -> PartitionFacts {
        var findings: [Finding] = []
        let directory = paths.partition(key)
        let row = checkpoint?.rows.first { $0.key == key }
        let manifest = manifest(of: key, in: directory, &findings)
        let known = manifest ?? Manifest()
        let sealed = known.sealed(with: row)
        var segments = sealed.map { SegmentFacts(sealed: $0, partition: directory) }
        let sealedEnd = sealed.last?.end ?? known.end
        let logStart = max(known.logStart, row?.logStart ?? .zero)
        var activeBase = sealedEnd
        if let row, row.end > sealedEnd || manifest == nil {
            activeBase = row.activeBase
            if row.position > .zero { segments.append(SegmentFacts(active: row, partition: directory)) }
        }
        var epochs = known.epochs
        for epoch in row?.epochs ?? [] { epochs.note(epoch.epoch, first: epoch.first) }
        if findings.isEmpty, let gap = known.gap(in: sealed, from: logStart, to: activeBase) {
            let lost = gap.end < gap.next ? gap.end..<gap.next : nil
            let what = manifest == nil ? "it is missing: segments are known" : "it lists segments"
            findings.append(
                Finding(
                    .damage,
                    directory.appending(Manifest.fileName),
                    partition: key,
                    lost: lost,
                    "\(what) up to \(gap.end), the next begins at \(gap.next)"
                )
            )
        }
        return PartitionFacts(
            key: key,
            directory: directory,
            logStart: logStart,
            end: max(row?.end ?? .zero, sealedEnd),
            compactedBelow: known.compactedBelow,
            epochs: epochs.map { ($0.epoch, $0.first) },
            segments: segments,
            retired: known.retired.map { $0.directory(in: directory).appending(SegmentName.log($0.base)) },
            unnamed: unnamedFiles(in: directory, segments, known.retired),
            salvage: ((try? fileSystem.list(directory)) ?? []).filter(Salvage.isName).map { directory.appending($0) },
            findings: findings,
            row: row,
            manifest: manifest
        )
    }

    private func manifest(of key: PartitionKey, in directory: FilePath, _ findings: inout [Finding]) -> Manifest? {
        let path = directory.appending(Manifest.fileName)
        do throws(StorageError) {
            let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: path) }
            guard kind != nil else { return nil }
            let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
            return try Manifest(decoding: content, directory: meta.directoryID, key: key, path: path)
        } catch {
            findings.append(Finding(.damage, error, path: path, partition: key))
            return nil
        }
    }

    /// Log files that neither the checkpoint nor the manifest names: left by a stop in the middle, or by somebody's hand.
    private func unnamedFiles(in directory: FilePath, _ segments: [SegmentFacts], _ retired: [SegmentID]) -> [FilePath]
    {
        var named = Set(segments.map(\.path))
        for id in retired { named.insert(id.directory(in: directory).appending(SegmentName.log(id.base))) }
        var unnamed: [FilePath] = []
        for name in (try? fileSystem.list(directory)) ?? [] {
            let path = directory.appending(name)
            if SegmentName.base(ofLog: name) != nil, !named.contains(path) { unnamed.append(path) }
            guard name.hasPrefix("g"), (try? fileSystem.kind(of: path)) == .directory else { continue }
            for inner in (try? fileSystem.list(path)) ?? []
            where SegmentName.base(ofLog: inner) != nil && !named.contains(path.appending(inner)) {
                unnamed.append(path.appending(inner))
            }
        }
        return unnamed
    }
}

extension SegmentFacts {
    fileprivate init(sealed facts: SealedSegment, partition: FilePath) {
        self.init(
            path: facts.id.directory(in: partition).appending(SegmentName.log(facts.base)),
            base: facts.base,
            end: facts.end,
            size: ByteCount(Int(facts.size.value)),
            maxTimestamp: facts.maxTimestamp < 0 ? nil : Timestamp(millisecondsSinceEpoch: facts.maxTimestamp),
            sealedAt: facts.sealedAt,
            generation: facts.generation,
            checksum: facts.checksums?.log,
            isActive: false,
            id: facts.id,
            facts: facts
        )
    }

    fileprivate init(active row: PartitionRow, partition: FilePath) {
        let id = SegmentID(base: row.activeBase, generation: 0)
        self.init(
            path: partition.appending(SegmentName.log(row.activeBase)),
            base: row.activeBase,
            end: row.end,
            size: ByteCount(Int(row.position.value)),
            maxTimestamp: row.maxTimestamp < 0 ? nil : Timestamp(millisecondsSinceEpoch: row.maxTimestamp),
            sealedAt: nil,
            generation: 0,
            checksum: nil,
            isActive: true,
            id: id,
            facts: nil
        )
    }
}
