import RecordFormat
import SystemPackage

/// What the journal holds above the checkpoint, read as a recovery would read it.
public struct JournalFacts: Sendable {
    /// The ring's size.
    public let ringBytes: ByteCount
    /// The largest frame.
    public let frameBytesMax: ByteCount
    /// Whether it is read around the page cache.
    public let isDirect: Bool
    /// Where reading begins.
    public let start: UInt64
    /// Where it ends: the first frame that is not whole.
    public private(set) var end: UInt64
    /// How many frames lie between.
    public private(set) var frameCount = 0
    /// How many batches they hold.
    public private(set) var batchCount = 0
    /// The bytes of those batches.
    public private(set) var batchBytes = ByteCount.zero
    /// Why it cannot be read to its end; nil when what follows the end is nothing, or a torn tail.
    public private(set) var damage: Finding?
    /// What a start would learn from it.
    private(set) var content: JournalContent

    fileprivate init(ring: JournalRing, start: LSN) {
        ringBytes = ByteCount(ring.geometry.ringBytes)
        frameBytesMax = ByteCount(ring.geometry.frameBytesMax)
        isDirect = ring.isDirect
        self.start = start.value
        end = start.value
        content = JournalContent(end: start)
    }

    fileprivate mutating func noteFrame(_ body: UnsafeRawBufferPointer, _ count: Int, at place: FilePosition) {
        frameCount += 1
    }

    /// Checks an entry as a start does.
    fileprivate mutating func note(
        _ entry: FrameEntry,
        _ body: UnsafeRawBufferPointer,
        _ place: (path: FilePath, position: FilePosition)
    ) throws(StorageError) {
        try content.note(entry, body: body, place: place)
        guard case .batch(let batch) = entry else { return }
        batchCount += 1
        batchBytes += ByteCount(batch.bytes.count)
    }

    fileprivate mutating func finish(at end: LSN) {
        self.end = end.value
    }

    fileprivate mutating func fail(_ error: StorageError, path: FilePath) {
        damage = Finding(.damage, error, path: path)
    }
}

extension DirectoryInspection {
    /// Reads the journal above the checkpoint.
    ///
    /// - Throws: when its file cannot be opened, or is not this directory's.
    public func journal() throws(StorageError) -> JournalFacts {
        let ring = try JournalRing.open(paths.journal, fileSystem: fileSystem, directory: meta.directoryID)
        defer { ring.file.close() }
        var facts = JournalFacts(ring: ring, start: checkpoint?.lsn ?? LSN(0))
        guard let checkpoint, !checkpoint.isClean else { return facts }
        do throws(StorageError) {
            let reader = try JournalReader(ring)
            let end = try reader.forEachFrame(from: checkpoint.lsn) { body, count, place throws(StorageError) in
                facts.noteFrame(body, count, at: place)
                try FrameEntry.forEach(in: body, count: count, at: (paths.journal, place)) {
                    entry throws(StorageError) in
                    try facts.note(entry, body, (paths.journal, place))
                }
            }
            facts.finish(at: end)
            try reader.refuseDamage(at: end)
        } catch {
            facts.fail(error, path: paths.journal)
        }
        return facts
    }
}
