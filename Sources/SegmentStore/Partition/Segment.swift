import NIOCore
import RecordFormat
import Synchronization
import SystemPackage

/// One file of a partition's log: batches back to back, the first at the offset that names the file.
///
/// Any thread may read. Only the journal thread writes, and only to the active segment; only the flusher flushes. The
/// descriptor is opened at first use, and let go when there are too many; while it is pinned, because it has unflushed
/// writes, it stays, so that a flush error is told to the flusher that must know it.
final class Segment: Sendable {
    private struct Handle {
        var file: (any StoreFile)?
        /// How many sets of files to be flushed hold the segment.
        var pinCount = 0
        /// Where the file stands as long as it has not got its own name.
        var spareName: FilePath?
    }

    let id: SegmentID
    let directory: FilePath
    let fileSystem: any FileSystem
    private let handle: Mutex<Handle>
    /// Whether the file was used since the keeper of descriptors looked last.
    private let wasUsed = Atomic<Bool>(true)
    /// nil until it is first needed, for a segment that an earlier run wrote.
    private let index: Mutex<OffsetIndex?>
    /// The same by time.
    let times = Mutex<TimeIndex?>(nil)
    /// How many reads are under way: the files of a retired segment are unlinked when there is none.
    private let readerCount = Atomic<Int>(0)

    /// A segment that an earlier run wrote.
    ///
    /// - Parameter partition: the partition's directory.
    init(_ id: SegmentID, partition: FilePath, fileSystem: any FileSystem) {
        self.id = id
        directory = id.directory(in: partition)
        self.fileSystem = fileSystem
        handle = Mutex(Handle())
        index = Mutex(nil)
    }

    /// A new, empty segment.
    convenience init(creating base: Offset, directory: FilePath, fileSystem: any FileSystem) throws(FileError) {
        let path = directory.appending(SegmentName.log(base))
        let file = try fileSystem.openToStay(path, .create)
        self.init(empty: base, directory: directory, fileSystem: fileSystem, Handle(file: file))
    }

    /// A new segment in a file that the flusher has made for it, under another name.
    convenience init(spare: SpareFile, base: Offset, directory: FilePath, fileSystem: any FileSystem) {
        let handle = Handle(file: spare.file, spareName: spare.file.path)
        self.init(empty: base, directory: directory, fileSystem: fileSystem, handle)
    }

    private init(empty base: Offset, directory: FilePath, fileSystem: any FileSystem, _ handle: sending Handle) {
        id = SegmentID(base: base, generation: 0)
        self.directory = directory
        self.fileSystem = fileSystem
        self.handle = Mutex(handle)
        index = Mutex(OffsetIndex())
        times.withLock { $0 = TimeIndex() }
        keeper?.noteOpen(self)
    }

    deinit {
        let pinCount = handle.withLock { $0.pinCount }
        if pinCount > 0 { keeper?.notePinned(by: -pinCount) }
    }

    /// What bounds the open segments; a plain file system, as tools have it, bounds none.
    private var keeper: DescriptorKeeper? { fileSystem as? DescriptorKeeper }

    var base: Offset { id.base }
    /// Whether compaction made it, so that offsets and batches may be missing in it.
    var isSparse: Bool { id.generation > 0 }
    var path: FilePath { directory.appending(SegmentName.log(base)) }
    var indexPath: FilePath { directory.appending(SegmentName.index(base)) }

    /// Keeps the files until `release`.
    ///
    /// Called under the lock of the partition whose list holds the segment.
    func acquire() {
        readerCount.add(1, ordering: .acquiring)
    }

    func release() {
        readerCount.subtract(1, ordering: .releasing)
    }

    /// Whether a read is under way; once the segment is in no list, it stays false when it was false.
    var isHeld: Bool { readerCount.load(ordering: .acquiring) > 0 }

    /// The open file.
    ///
    /// It stays open for as long as it is held, whatever becomes of the segment's own hold on it.
    func file() throws(FileError) -> any StoreFile {
        wasUsed.store(true, ordering: .relaxed)
        let (file, isNew) = try handle.withLock { handle throws(FileError) in
            if let file = handle.file { return (file, false) }
            let opened = try fileSystem.openToStay(path, .update)
            handle.file = opened
            return (opened, true)
        }
        if isNew { keeper?.noteOpen(self) }
        return file
    }

    /// The file, if it is open.
    var openFile: (any StoreFile)? { handle.withLock { $0.file } }

    /// Closes the descriptor.
    ///
    /// Only for a segment without unflushed writes that nobody needs any more.
    func close() {
        handle.withLock { handle in
            handle.file?.close()
            handle.file = nil
        }
    }

    /// Keeps the descriptor: writes will follow that are to be flushed through it.
    ///
    /// Before the first of them.
    func pin() {
        handle.withLock { $0.pinCount += 1 }
        keeper?.notePinned(by: 1)
    }

    /// Lets the descriptor go again, once what was written is flushed or not wanted any more.
    func unpin() {
        handle.withLock { $0.pinCount -= 1 }
        keeper?.notePinned(by: -1)
    }

    /// What became of an attempt to close an idle segment.
    enum LettingGo {
        /// It holds no descriptor now.
        case closed
        /// It was used lately, is being used, or has unflushed writes.
        case inUse
    }

    /// Lets the descriptor go unless it is pinned, or was used since the last call.
    ///
    /// Never waits for a lock. Whoever reads from the file at this moment holds it himself.
    func letGo() -> LettingGo {
        if wasUsed.exchange(false, ordering: .relaxed) { return .inUse }
        let outcome = handle.withLockIfAvailable { handle -> LettingGo in
            guard handle.pinCount == 0 else { return .inUse }
            handle.file = nil
            return .closed
        }
        return outcome ?? .inUse
    }

    /// Gives the file its own name if it still has that of a spare.
    ///
    /// Through `PartitionLog.nameSegments`.
    func takeName() throws(FileError) {
        guard let spareName = handle.withLock({ $0.spareName }) else { return }
        try fileSystem.rename(spareName, to: path)
        handle.withLock { $0.spareName = nil }
    }

    /// Whether the file still has the name of a spare.
    var isUnnamed: Bool { handle.withLock { $0.spareName != nil } }

    /// Notes a batch that became visible.
    ///
    /// An index that was not loaded yet is left alone: it is read from the file then.
    func note(lastOffset: Offset, position: FilePosition) {
        index.withLock { $0?.note(lastOffset: lastOffset, base: base, position: position) }
    }

    /// Where to begin a scan for an offset, and what the batch there must be.
    func entry(for offset: Offset, limit: FilePosition, isSealed: Bool) throws(StorageError) -> OffsetIndexEntry? {
        // Looked up under the lock: a copy that outlived it would make the next note copy the whole index.
        try index.withLock { index throws(StorageError) in
            try load(&index, limit: limit, isSealed: isSealed)
            return index?.entry(for: offset, base: base)
        }
    }

    /// The whole index as its file holds it, for the flusher to write when the segment is sealed.
    func encodedIndex(limit: FilePosition) throws(StorageError) -> ByteBuffer {
        try index.withLock { index throws(StorageError) in
            try load(&index, limit: limit, isSealed: false)
            return index?.encoded() ?? ByteBuffer()
        }
    }

    private func load(_ index: inout OffsetIndex?, limit: FilePosition, isSealed: Bool) throws(StorageError) {
        guard index == nil else { return }
        if isSealed, let stored = storedIndex(limit: limit) {
            index = stored
        } else {
            index = try scannedIndex(limit: limit)
        }
    }

    /// Builds an index that led astray again, from the log, and takes its file away if that can be done.
    func rebuildIndex(limit: FilePosition) throws(StorageError) {
        try index.withLock { index throws(StorageError) in index = try scannedIndex(limit: limit) }
        try? fileSystem.unlink(indexPath)
    }

    private func storedIndex(limit: FilePosition) -> OffsetIndex? {
        // An index that is missing or cannot be read is built again; it is no evidence about the log.
        guard let content = try? fileSystem.readWhole(indexPath) else { return nil }
        return OffsetIndex(decoding: content, logSize: limit)
    }

    private func scannedIndex(limit: FilePosition) throws(StorageError) -> OffsetIndex {
        var built = OffsetIndex()
        var walk = SegmentWalk(self, limit: limit, chunkBytes: 64 * 1024)
        while true {
            do throws(StorageError) {
                guard let place = try walk.next() else { return built }
                built.note(lastOffset: place.last, base: base, position: place.position)
            } catch {
                // What lies behind damage is to be found, too; whoever reads the damage itself is told.
                guard case .corrupt = error else { throw error }
                walk.skipDamage()
            }
        }
    }
}
