import NIOCore
import RecordFormat
import SystemPackage

/// A partition during a start: where its log stands, and how the journal's entries carry it on.
///
/// It begins at the later of its checkpoint row and the end of what the manifest lists as sealed. Nothing below that is
/// written, cut or removed.
struct RecoveringPartition {
    let key: PartitionKey
    let directory: FilePath
    let fileSystem: any FileSystem
    /// Why the partition cannot be served whole; it is quarantined then.
    private(set) var damage: String?
    private(set) var manifest = Manifest()
    private var sealed: [SealedSegment] = []
    private var active: Segment?
    private var activeBase = Offset.zero
    private var position = FilePosition.zero
    private var end = Offset.zero
    private var logStart = Offset.zero
    private var maxTimestamp: Int64 = -1
    private var activeSince: Timestamp
    private var epochs: [EpochStart] = []
    /// The time of this start, at which the segments that it seals count as sealed.
    private let now: Timestamp
    private var touched: [Segment] = []

    init(
        key: PartitionKey,
        directory: FilePath,
        fileSystem: any FileSystem,
        directoryID: [UInt8],
        row: PartitionRow?,
        now: Timestamp,
        isClean: Bool
    ) throws(StorageError) {
        self.key = key
        self.directory = directory
        self.fileSystem = fileSystem
        self.now = now
        activeSince = now
        try readManifest(directoryID)
        start(from: row)
        try checkFiles(isClean: isClean)
    }

    private mutating func readManifest(_ directoryID: [UInt8]) throws(StorageError) {
        let path = directory.appending(Manifest.fileName)
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: path) }
        guard kind != nil else { return }
        let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
        do throws(StorageError) {
            manifest = try Manifest(decoding: content, directory: directoryID, path: path)
        } catch {
            guard case .corrupt = error else { throw error }
            damage = error.description
        }
    }

    private mutating func start(from row: PartitionRow?) {
        sealed = manifest.sealed + (row?.sealed.filter { $0.base >= manifest.end } ?? [])
        epochs = manifest.epochs
        for epoch in row?.epochs ?? [] { epochs.note(epoch.epoch, first: epoch.first) }
        logStart = max(manifest.logStart, row?.logStart ?? .zero)
        let sealedEnd = sealed.last?.end ?? manifest.end
        if let row, row.end > sealedEnd || manifest == Manifest() {
            (activeBase, position, end) = (row.activeBase, row.position, row.end)
            maxTimestamp = row.maxTimestamp
            activeSince = row.activeSince
        } else {
            (activeBase, position, end) = (sealedEnd, .zero, sealedEnd)
        }
        // A manifest that is gone or an older one would leave a hole between what it lists and the active segment.
        if damage == nil, activeBase != sealedEnd {
            damage =
                "\(directory)/\(Manifest.fileName) lists segments up to \(sealedEnd), the next begins at \(activeBase)"
        }
    }

    /// A file that is missing or shorter than what was flushed is damage; after a clean stop a longer one is, too.
    private mutating func checkFiles(isClean: Bool) throws(StorageError) {
        for facts in sealed where damage == nil {
            damage = try mismatch(facts.id, expected: facts.size, isExact: true)
        }
        guard position > .zero else { return }
        if damage == nil { damage = try mismatch(activeID, expected: position, isExact: isClean) }
        active = Segment(activeID, partition: directory, fileSystem: fileSystem)
    }

    private func mismatch(
        _ id: SegmentID,
        expected: FilePosition,
        isExact: Bool
    ) throws(StorageError) -> String? {
        let path = id.directory(in: directory).appending(SegmentName.log(id.base))
        let size = try StorageError.wrap { () throws(FileError) -> FilePosition? in
            guard try fileSystem.kind(of: path) == .file else { return nil }
            let file = try fileSystem.open(path, .read)
            defer { file.close() }
            return try file.size()
        }
        guard let size else { return "\(path) is missing" }
        if size < expected { return "\(path) has \(size) bytes, \(expected) were flushed" }
        if isExact, size > expected { return "\(path) has \(size) bytes, it was closed with \(expected)" }
        return nil
    }

    /// Writes a batch again unless the log had it before.
    ///
    /// It must begin exactly at the end reached, or at the start of a segment that is named by that offset.
    /// - Returns: whether it was written.
    mutating func replay(
        batch entry: FrameEntry.SegmentBytes,
        body: UnsafeRawBufferPointer,
        place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) -> Bool {
        let batch = UnsafeRawBufferPointer(rebasing: body[entry.bytes])
        guard damage == nil, entry.offset >= end else { return false }
        let rolls = entry.position == .zero && entry.segmentBase == end && !(activeBase == end && position == .zero)
        let continues = entry.segmentBase == activeBase && entry.position == position
        guard entry.offset == end, entry.offset == BatchHeader.baseOffset(batch), rolls || continues else {
            throw misfit(entry, place)
        }
        do throws(FileError) {
            if rolls { try roll() }
            epochs.note(BatchHeader.leaderEpoch(batch), first: end)
            try activeForWriting().file().write([batch], at: position)
        } catch {
            throw .io(error)
        }
        position = position.advanced(by: ByteCount(batch.count))
        end = end.advanced(by: Int(BatchHeader.lastOffsetDelta(batch)) + 1)
        maxTimestamp = max(maxTimestamp, BatchHeader.maxTimestamp(batch).millisecondsSinceEpoch)
        return true
    }

    /// Writes a block's flushed bytes again, unless the log is past it.
    mutating func replay(
        tailBlock entry: FrameEntry.SegmentBytes,
        body: UnsafeRawBufferPointer,
        place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) {
        // At the end reached, but of the segment before: the manifest lists that one as sealed, and so as flushed.
        let isOfSealed = entry.offset == end && entry.segmentBase < activeBase
        guard damage == nil, entry.offset >= end, !isOfSealed else { return }
        guard entry.offset == end, entry.segmentBase == activeBase, entry.position == position,
            entry.bytes.count <= entry.position.value
        else { throw misfit(entry, place) }
        do throws(FileError) {
            let bytes = UnsafeRawBufferPointer(rebasing: body[entry.bytes])
            let start = FilePosition(entry.position.value - UInt64(bytes.count))
            try activeForWriting().file().write([bytes], at: start)
        } catch {
            throw .io(error)
        }
    }

    private func misfit(
        _ entry: FrameEntry.SegmentBytes,
        _ place: (path: FilePath, position: FilePosition)
    ) -> StorageError {
        .corrupt(
            path: place.path,
            position: place.position,
            reason: "an entry for \(key) stands at offset \(entry.offset), byte \(entry.position) of segment"
                + " \(entry.segmentBase); the log ends at offset \(end), byte \(position) of segment \(activeBase)"
        )
    }

    private mutating func roll() throws(FileError) {
        if let active {
            // What a refused round left behind the end must not become part of a sealed segment.
            try active.file().truncate(to: position)
            let facts = SealedSegment(
                base: activeBase,
                end: end,
                size: position,
                maxTimestamp: maxTimestamp,
                sealedAt: now
            )
            sealed.append(facts)
        }
        active = nil
        activeBase = end
        position = .zero
        maxTimestamp = -1
        activeSince = now
    }

    private var activeID: SegmentID { SegmentID(base: activeBase, generation: 0) }

    private mutating func activeForWriting() throws(FileError) -> Segment {
        let segment: Segment
        if let active {
            segment = active
        } else {
            segment = try Segment(creating: activeBase, directory: directory, fileSystem: fileSystem)
            active = segment
        }
        if !touched.contains(where: { $0 === segment }) { touched.append(segment) }
        return segment
    }

    /// Cuts the last segment to the end reached, removes files of a higher base, and flushes everything.
    mutating func finishReplay() throws(StorageError) {
        guard damage == nil else { return }
        do throws(FileError) {
            let removed = try removeHigherSegments()
            if let active, try active.file().size() != position {
                try active.file().truncate(to: position)
                if !touched.contains(where: { $0 === active }) { touched.append(active) }
            }
            for segment in touched { try segment.file().flush(.recoveredSegment) }
            if !touched.isEmpty || removed { try fileSystem.flushDirectory(directory, .recoveredNames) }
        } catch {
            throw .io(error)
        }
    }

    /// - Returns: whether there were any.
    private func removeHigherSegments() throws(FileError) -> Bool {
        var removed = false
        for name in try fileSystem.list(directory) {
            guard let base = SegmentName.base(ofLog: name) else { continue }
            guard base > activeBase || (base == activeBase && active == nil) else { continue }
            try fileSystem.unlink(directory.appending(name))
            removed = true
        }
        return removed
    }

    func row() -> PartitionRow {
        PartitionRow(
            key: key,
            activeBase: activeBase,
            position: position,
            end: end,
            logStart: logStart,
            maxTimestamp: maxTimestamp,
            activeSince: activeSince,
            sealed: sealed.filter { $0.base >= manifest.end },
            epochs: epochs.filter { !manifest.epochs.contains($0) }
        )
    }

    /// The log as it is served.
    func log(owner: [UInt8], health: StoreHealth) -> PartitionLog {
        let sealedLogs = sealed.map { facts in
            PartitionLog.SealedLog(
                segment: Segment(facts.id, partition: directory, fileSystem: fileSystem),
                facts: facts
            )
        }
        let state = PartitionLog.State(
            sealed: sealedLogs,
            active: active,
            position: position,
            end: end,
            logStart: logStart,
            maxTimestamp: maxTimestamp,
            activeSince: activeSince,
            epochs: epochs,
            manifest: manifest,
            needsTailBlock: true,
            checkpointed: PartitionLog.LogPlace(segmentBase: activeBase, position: position),
            quarantine: damage,
            retired: manifest.retired.map { Segment($0, partition: directory, fileSystem: fileSystem) }
        )
        return PartitionLog(
            key: key,
            directory: directory,
            owner: owner,
            fileSystem: fileSystem,
            health: health,
            state: state
        )
    }
}
