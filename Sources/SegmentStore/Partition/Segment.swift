import NIOCore
import RecordFormat
import Synchronization
import SystemPackage

/// One file of a partition's log: batches back to back, the first at the offset that names the file.
///
/// Any thread may read. Only the journal thread writes, and only to the active segment; only the flusher flushes. The
/// descriptor is opened once and stays open, so that a flush error is told to the flusher that must know it.
final class Segment: Sendable {
    let id: SegmentID
    let directory: FilePath
    let fileSystem: any FileSystem
    private let handle: Mutex<(any StoreFile)?>
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
        handle = Mutex(nil)
        index = Mutex(nil)
    }

    /// A new, empty segment.
    init(creating base: Offset, directory: FilePath, fileSystem: any FileSystem) throws(FileError) {
        id = SegmentID(base: base, generation: 0)
        self.directory = directory
        self.fileSystem = fileSystem
        handle = Mutex(try fileSystem.open(directory.appending(SegmentName.log(base)), .create))
        index = Mutex(OffsetIndex())
        times.withLock { $0 = TimeIndex() }
    }

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

    /// The descriptor, opened at first use.
    func file() throws(FileError) -> any StoreFile {
        try handle.withLock { file throws(FileError) in
            if let file { return file }
            let opened = try fileSystem.open(path, .update)
            file = opened
            return opened
        }
    }

    /// Closes the descriptor.
    ///
    /// Only for a segment without unflushed writes that nobody needs any more.
    func close() {
        handle.withLock { file in
            file?.close()
            file = nil
        }
    }

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
