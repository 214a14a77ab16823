import NIOCore
import RecordFormat
import SystemPackage

/// A partition during a start: where its log stands, and whether it can be trusted.
///
/// It begins at the later of its checkpoint row and the end of what the manifest lists as sealed. Nothing below that is
/// written, cut or removed. A partition that is set aside stays as it stood there.
struct RecoveringPartition {
    let key: PartitionKey
    let directory: FilePath
    let fileSystem: any FileSystem
    /// The directory's id.
    let owner: [UInt8]
    /// Where the partition stood at the checkpoint; nil when it is newer.
    let row: PartitionRow?
    /// The time of this start, at which the segments that it seals count as sealed.
    let now: Timestamp
    /// Why it cannot be served whole.
    private(set) var quarantine: Quarantine?
    var manifest = Manifest()
    var sealed: [SealedSegment] = []
    var active: Segment?
    var activeBase = Offset.zero
    var position = FilePosition.zero
    var end = Offset.zero
    var maxTimestamp: Int64 = -1
    var activeSince: Timestamp
    var epochs: [EpochStart] = []
    /// Where replay begins: of what lies from there on the journal names every segment.
    private(set) var replayStart = Offset.zero
    /// Segments that were written or cut, and are to be flushed.
    var touched: [Segment] = []
    /// What stands in the directory; empty after a clean stop, when nobody looks.
    var names: [String] = []
    private var logStart = Offset.zero
    /// The end of what the journal says was deleted; it holds for a partition that is set aside, too.
    private var deletedBelow = Offset.zero
    /// Segments whose file is not the one that was written, and why: nothing of them is served.
    private var strangers: [SegmentID: String] = [:]
    /// The manifest cannot be trusted, and is kept as it is for `log repair`.
    private var isManifestLost = false

    init(
        key: PartitionKey,
        directory: FilePath,
        fileSystem: any FileSystem,
        owner: [UInt8],
        row: PartitionRow?,
        now: Timestamp,
        isClean: Bool
    ) throws(StorageError) {
        self.key = key
        self.directory = directory
        self.fileSystem = fileSystem
        self.owner = owner
        self.row = row
        self.now = now
        activeSince = now
        guard try StorageError.wrap({ () throws(FileError) in try fileSystem.kind(of: directory) }) == .directory else {
            standWhereFlushed()
            setAside("\(directory) is missing")
            return
        }
        if !isClean || row?.quarantine != nil {
            names = try StorageError.wrap { () throws(FileError) in try fileSystem.list(directory) }
        }
        try readManifest(isClean: isClean)
        standWhereFlushed()
        refuseHole()
        try checkFiles(isClean: isClean)
        keepQuarantine()
    }

    private mutating func readManifest(isClean: Bool) throws(StorageError) {
        let path = directory.appending(Manifest.fileName)
        let kind = try StorageError.wrap { () throws(FileError) in try fileSystem.kind(of: path) }
        guard kind != nil else { return }
        let content: ByteBuffer
        do throws(FileError) {
            // What follows rests on this manifest; the one before would come back without a killed process's segments.
            if !isClean { try fileSystem.flushDirectory(directory, .foundManifest) }
            content = try fileSystem.readWhole(path)
        } catch {
            guard !error.isPassing else { throw .io(error) }
            isManifestLost = true
            setAside("\(error)")
            return
        }
        do throws(StorageError) {
            manifest = try Manifest(decoding: content, directory: owner, key: key, path: path)
        } catch {
            // A neighbour's manifest harms this partition alone; one of another data directory is a mixture.
            guard case .corrupt = error else { throw error }
            isManifestLost = true
            setAside(error.description)
        }
    }

    /// Goes to the later of the row and the manifest's end, forgetting what replay has done.
    private mutating func standWhereFlushed() {
        sealed = manifest.sealed(with: row)
        epochs = manifest.epochs
        for epoch in row?.epochs ?? [] { epochs.note(epoch.epoch, first: epoch.first) }
        logStart = max(manifest.logStart, row?.logStart ?? .zero)
        let sealedEnd = sealed.last?.end ?? manifest.end
        let isBehind = manifest != Manifest() && !PlantedFaults.ignoresEnd(of: manifest)
        if let row, row.end > sealedEnd || !isBehind {
            (activeBase, position, end) = (row.activeBase, row.position, row.end)
            maxTimestamp = row.maxTimestamp
            activeSince = row.activeSince
        } else {
            let start = row == nil && PlantedFault.cutWithoutRow.isPlanted ? .zero : sealedEnd
            (activeBase, position, end) = (start, .zero, start)
            maxTimestamp = -1
            activeSince = now
        }
        active = position > .zero ? Segment(activeID, partition: directory, fileSystem: fileSystem) : nil
        touched = []
        replayStart = end
    }

    /// A manifest that is gone, or an older one, leaves a hole somewhere between the log's start and the active segment.
    private mutating func refuseHole() {
        guard let gap = manifest.gap(in: sealed, from: logStart, to: activeBase) else { return }
        let path = directory.appending(Manifest.fileName)
        isManifestLost = true
        setAside("\(path) lists segments up to \(gap.end), the next begins at \(gap.next)")
    }

    /// A file that is missing or shorter than what was flushed is damage; after a clean stop a longer one is, too.
    private mutating func checkFiles(isClean: Bool) throws(StorageError) {
        for facts in sealed {
            guard let reason = try mismatch(facts.id, expected: facts.size, isExact: true) else { continue }
            strangers[facts.id] = reason
            setAside(reason)
        }
        guard position > .zero,
            let reason = try mismatch(activeID, expected: position, isExact: isClean)
        else { return }
        strangers[activeID] = reason
        setAside(reason)
    }

    private func mismatch(
        _ id: SegmentID,
        expected: FilePosition,
        isExact: Bool
    ) throws(StorageError) -> String? {
        let path = id.directory(in: directory).appending(SegmentName.log(id.base))
        let size: FilePosition?
        do throws(FileError) {
            size = try fileSize(path)
        } catch {
            guard !error.isPassing else { throw .io(error) }
            return "\(error)"
        }
        guard let size else { return "\(path) is missing" }
        let isExtended = PlantedFault.shortFileExtended.isPlanted
        if size < expected, !isExtended { return "\(path) has \(size) bytes, \(expected) were flushed" }
        if isExact, size > expected { return "\(path) has \(size) bytes, it was closed with \(expected)" }
        return nil
    }

    private func fileSize(_ path: FilePath) throws(FileError) -> FilePosition? {
        guard try fileSystem.kind(of: path) == .file else { return nil }
        let file = try fileSystem.open(path, .read)
        defer { file.close() }
        return try file.size()
    }

    /// A quarantine of an earlier run holds on while records of the partition lie in a salvage file, or until everything is
    /// found whole again: an operator may have put a file back.
    private mutating func keepQuarantine() {
        if names.contains(where: Salvage.isName) {
            setAside(row?.quarantine?.reason ?? "records of it were saved beside it, see \(directory)")
        } else if quarantine == nil, let former = row?.quarantine, !checkWhole() {
            setAside(former.reason)
        }
    }

    /// Looks whether every batch is what was written; costs a read of the whole partition.
    private mutating func checkWhole() -> Bool {
        var isWhole = position == .zero || areBatchesWhole(activeID, size: position, end: end)
        for facts in sealed {
            guard areBatchesWhole(facts.id, size: facts.size, end: facts.end) else {
                isWhole = false
                continue
            }
            guard let known = facts.checksums, let path = try? strangePath(facts, known) else { continue }
            strangers[facts.id] = "\(path) does not match its checksum, though every batch in it is whole"
            isWhole = false
        }
        return isWhole
    }

    private func areBatchesWhole(_ id: SegmentID, size: FilePosition, end: Offset) -> Bool {
        let segment = Segment(id, partition: directory, fileSystem: fileSystem)
        defer { segment.close() }
        var check = BatchCheck(segment, limit: size, end: end, epochs: epochs)
        return (try? check.run()) != nil
    }

    /// The path of a sealed segment that does not match its checksum; nil when it does.
    private func strangePath(
        _ facts: SealedSegment,
        _ known: SealedSegment.Checksums
    ) throws(FileError) -> FilePath? {
        let segment = Segment(facts.id, partition: directory, fileSystem: fileSystem)
        defer { segment.close() }
        return try segment.file().checksum(upTo: facts.size) == known.log ? nil : segment.path
    }

    /// Takes the partition out of service, as it stood at the checkpoint.
    mutating func setAside(_ reason: String) {
        guard quarantine == nil else { return }
        quarantine = Quarantine(reason: reason, since: row?.quarantine?.since ?? now)
        standWhereFlushed()
    }

    var activeID: SegmentID { SegmentID(base: activeBase, generation: 0) }

    /// Takes over what an entry says was deleted.
    mutating func replay(_ deletion: PrefixDeletion) {
        deletedBelow = max(deletedBelow, deletion.before)
    }

    /// Never behind the end: a partition that is set aside may end before what was deleted.
    private var recoveredStart: Offset { min(max(logStart, deletedBelow), end) }

    /// Where its log stands at the end of recovery.
    func recoveredRow() -> PartitionRow {
        PartitionRow(
            key: key,
            activeBase: activeBase,
            position: position,
            end: end,
            logStart: recoveredStart,
            maxTimestamp: maxTimestamp,
            activeSince: activeSince,
            sealed: sealed.filter { $0.base >= manifest.end },
            epochs: epochs.filter { !manifest.epochs.contains($0) },
            quarantine: quarantine
        )
    }

    /// The log as it is served.
    func log(health: StoreHealth) -> PartitionLog {
        let sealedLogs = sealed.map { facts in
            PartitionLog.SealedLog(
                segment: Segment(facts.id, partition: directory, fileSystem: fileSystem),
                facts: facts,
                strangeness: strangers[facts.id]
            )
        }
        let state = PartitionLog.State(
            sealed: sealedLogs,
            active: active,
            position: position,
            end: end,
            logStart: recoveredStart,
            maxTimestamp: maxTimestamp,
            activeSince: activeSince,
            epochs: epochs,
            manifest: manifest,
            needsTailBlock: true,
            checkpointed: PartitionLog.LogPlace(segmentBase: activeBase, position: position),
            quarantine: quarantine,
            activeStrangeness: position > .zero ? strangers[activeID] : nil,
            isManifestLost: isManifestLost,
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

extension FileError {
    /// Whether it says nothing about the file: room, descriptors, a volume that takes no writes.
    ///
    /// Such a failure refuses the start, which may be tried again; any other sets a partition aside.
    var isPassing: Bool {
        switch code {
        case .noSpace, .diskQuotaExceeded, .readOnlyFileSystem, .tooManyOpenFiles, .tooManyOpenFilesInSystem,
            .noMemory, .permissionDenied, .notPermitted:
            true
        default: false
        }
    }
}
