import RecordFormat
import Synchronization
import SystemPackage

/// The file system as a store sees it: with a bound on the segments' descriptors, and a few kept for what must not fail for
/// want of one.
///
/// Segments stay open between uses. When more are open than the bound, those that were not used for longest are closed,
/// as far as they have no unflushed writes: a descriptor with such writes is never closed, since a flush error is told
/// once per descriptor. A file that a read is using is let go here and closed when that read is through, by its last
/// reference.
///
/// What a checkpoint and a start open for a moment (directories, manifests, slots) may use the reserve: descriptors
/// that are held open for nothing else and let go when the system has no more. Whatever stays open makes the reserve whole
/// first, or is refused.
///
/// Any thread. Locks: `reserve` over one call; `segments`, under which a segment's handle is only tried, never waited for.
final class DescriptorKeeper: FileSystem {
    private struct OpenSegments {
        /// In the order in which they were opened, or were last spared.
        var queue: [WeakSegment] = []
        var pinnedCount = 0
        var spareCount = 0
    }

    private struct WeakSegment {
        weak var segment: Segment?
    }

    private let base: any FileSystem
    /// Descriptors of segments that are kept open.
    let segmentCountMax: Int
    private let segments = Mutex(OpenSegments())
    private let reserve: Mutex<Reserve>

    init(_ base: any FileSystem, segmentCountMax: Int) {
        self.base = base
        self.segmentCountMax = max(segmentCountMax, Self.segmentCountMin)
        reserve = Mutex(Reserve())
    }

    /// The smallest bound that lets a round and a checkpoint work at all.
    static let segmentCountMin = 8

    // MARK: Segments

    /// Opens a file that stays open for longer than a moment: a segment's, above all.
    ///
    /// Under the segment's lock of its handle. Never with the reserve, and never before the reserve is whole again: what it
    /// lent for a moment is given back to the system, and whatever stays open in its place would be missing for good when
    /// the next checkpoint looks for it.
    func openToStay(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        do throws(FileError) {
            return try openBesideReserve(path, mode)
        } catch {
            guard error.isOutOfDescriptors, closeIdle(downTo: 0) > 0 else { throw error }
            return try openBesideReserve(path, mode)
        }
    }

    private func openBesideReserve(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        try reserve.withLock { reserve throws(FileError) in
            try reserve.fill(from: base)
            return try base.open(path, mode)
        }
    }

    /// Notes that a segment holds a descriptor, and closes others beyond the bound.
    ///
    /// With no lock of a segment held.
    func noteOpen(_ segment: Segment) {
        let spareCount = segments.withLock { open in
            open.queue.append(WeakSegment(segment: segment))
            return open.spareCount
        }
        closeIdle(downTo: segmentCountMax - spareCount)
    }

    /// Takes a place for a spare file, which stays open and is no segment yet.
    ///
    /// An eighth of the segments' descriptors at most, and of them: a spare saves time, where a descriptor is wanted.
    /// - Returns: false when there is none left.
    func takeSparePlace() -> Bool {
        let spareCount: Int? = segments.withLock { open in
            guard open.spareCount < max(1, segmentCountMax / 8) else { return nil }
            open.spareCount += 1
            return open.spareCount
        }
        guard let spareCount else { return false }
        closeIdle(downTo: segmentCountMax - spareCount)
        return true
    }

    func giveSparePlaceBack() {
        segments.withLock { $0.spareCount -= 1 }
    }

    /// Counts the segments whose descriptors must stay open.
    func notePinned(by change: Int) {
        segments.withLock { $0.pinnedCount += change }
    }

    /// Descriptors with unflushed writes, those of a checkpoint under way included.
    var pinnedCount: Int { segments.withLock { $0.pinnedCount } }

    /// The most descriptors that may have unflushed writes: half of all, so that reads and rolls find some.
    var pinnedCountMax: Int { segmentCountMax / 2 }

    /// Closes what was not used for longest until at most `count` are open, or none is left that may be closed.
    ///
    /// Each gets one more round if it was used since the last look ("second chance"), which is nearly the order of the last
    /// uses, and costs a use nothing but a flag.
    /// - Returns: how many were closed.
    @discardableResult
    private func closeIdle(downTo count: Int) -> Int {
        segments.withLock { open in
            guard open.queue.count > count else { return 0 }
            var closed = 0
            var kept: [WeakSegment] = []
            var looks = 2 * open.queue.count
            var next = 0
            while open.queue.count - next + kept.count > count, looks > 0 {
                if next == open.queue.count {
                    open.queue = kept
                    kept = []
                    next = 0
                }
                let entry = open.queue[next]
                next += 1
                looks -= 1
                switch entry.segment?.letGo() {
                case nil: break
                case .closed: closed += 1
                case .inUse: kept.append(entry)
                }
            }
            open.queue = Array(open.queue[next...]) + kept
            return closed
        }
    }

    // MARK: The reserve

    /// Descriptors that are held for the moment in which there is no other.
    private struct Reserve {
        var path: FilePath?
        var files: [any StoreFile] = []

        /// How many: a checkpoint has a directory and a file open at once, and a topic's maker another two.
        static let count = 4

        /// Takes what is missing, unless there is to be no reserve.
        mutating func fill(from fileSystem: any FileSystem) throws(FileError) {
            guard let path else { return }
            while files.count < Self.count { files.append(try fileSystem.open(path, .read)) }
        }
    }

    /// Takes the reserve, by opening a file that is there so often.
    func fillReserve(with path: FilePath) throws(FileError) {
        try reserve.withLock { reserve throws(FileError) in
            reserve.path = path
            try reserve.fill(from: base)
        }
    }

    /// Gives the reserve back to the system.
    func emptyReserve() {
        reserve.withLock { reserve in
            for file in reserve.files { file.close() }
            reserve = Reserve()
        }
    }

    /// Makes a call that needs a descriptor for a moment: with an idle segment's when there is no other, and then with
    /// one of the reserve.
    private func insisting<Value>(_ call: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try call()
        } catch {
            guard error.isOutOfDescriptors else { throw error }
        }
        closeIdle(downTo: segmentCountMax / 2)
        return try reserve.withLock { reserve throws(FileError) in
            // What an earlier call took of it may have been given back by now.
            try? reserve.fill(from: base)
            // Somebody else, a connection say, may be quicker to take what is given back.
            while let spare = reserve.files.popLast() {
                spare.close()
                do throws(FileError) {
                    return try call()
                } catch {
                    guard error.isOutOfDescriptors else { throw error }
                }
            }
            return try call()
        }
    }

    // MARK: The ballast

    private let ballast = Mutex<Ballast?>(nil)

    /// Sets what a start may take room from; nil once it has served.
    func useBallast(_ ballast: Ballast?) {
        self.ballast.withLock { $0 = ballast }
    }

    /// What there is to take room from, if anything.
    var ballastInUse: Ballast? { ballast.withLock { $0 } }

    // MARK: FileSystem

    func open(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        try insisting { () throws(FileError) in try base.open(path, mode) }
    }

    func list(_ directory: FilePath) throws(FileError) -> [String] {
        try insisting { () throws(FileError) in try base.list(directory) }
    }

    func kind(of path: FilePath) throws(FileError) -> FileKind? { try base.kind(of: path) }
    func createDirectory(_ path: FilePath) throws(FileError) { try base.createDirectory(path) }
    func rename(_ source: FilePath, to target: FilePath) throws(FileError) { try base.rename(source, to: target) }
    func unlink(_ path: FilePath) throws(FileError) { try base.unlink(path) }
    func removeDirectory(_ path: FilePath) throws(FileError) { try base.removeDirectory(path) }

    func openDirectory(_ path: FilePath) throws(FileError) -> any StoreDirectory {
        try insisting { () throws(FileError) in try base.openDirectory(path) }
    }

    /// A directory is opened to be flushed; only that opening can run out of descriptors, so repeating it repeats no flush.
    func flushDirectory(_ path: FilePath, _ site: FlushSite) throws(FileError) {
        try insisting { () throws(FileError) in try base.flushDirectory(path, site) }
    }

    func lock(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        try insisting { () throws(FileError) in try base.lock(path) }
    }

    func hold(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        try insisting { () throws(FileError) in try base.hold(path) }
    }

    func volume(of path: FilePath) throws(FileError) -> Volume {
        try insisting { () throws(FileError) in try base.volume(of: path) }
    }

    func directAlignment(of path: FilePath) throws(FileError) -> ByteCount? { try base.directAlignment(of: path) }
}

extension FileSystem {
    /// Opens a file that stays open for longer than a moment; through a keeper, not at the expense of its reserve.
    func openToStay(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        guard let keeper = self as? DescriptorKeeper else { return try open(path, mode) }
        return try keeper.openToStay(path, mode)
    }
}
