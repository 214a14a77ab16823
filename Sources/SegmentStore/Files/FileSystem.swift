import RecordFormat
import SystemPackage

/// All that storage asks of a file system.
///
/// Every byte that the store reads or writes passes here.
///
/// Two conformers: `PosixFileSystem`, and the simulated one of the tests, which can cut the power after any call.
/// Calls block. They may be made from several threads at once; calls on one file may overlap only where `StoreFile` says.
public protocol FileSystem: Sendable {
    /// Opens a file.
    /// - Throws: `ENOENT`, `EINVAL` for `.ring` where the file system has no direct I/O, and what open(2) says.
    func open(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile

    /// The names in a directory, sorted, without `.` and `..`.
    func list(_ directory: FilePath) throws(FileError) -> [String]

    /// What stands at a path; nil when nothing does.
    func kind(of path: FilePath) throws(FileError) -> FileKind?

    /// Makes one directory; its parent must exist. `EEXIST` when it is there.
    func createDirectory(_ path: FilePath) throws(FileError)

    /// Moves a file or a directory over `target`, atomically; durable once the directories of both are flushed.
    func rename(_ source: FilePath, to target: FilePath) throws(FileError)

    /// Removes a file's name.
    func unlink(_ path: FilePath) throws(FileError)

    /// Removes an empty directory.
    func removeDirectory(_ path: FilePath) throws(FileError)

    /// Opens a directory whose names are about to be changed.
    ///
    /// Whoever flushes it afterwards needs no descriptor any more: between a change and its flush nothing is missing.
    func openDirectory(_ path: FilePath) throws(FileError) -> any StoreDirectory

    /// Makes the names in a directory durable; for what can be tried again when there is no descriptor for it.
    func flushDirectory(_ path: FilePath, _ site: FlushSite) throws(FileError)

    /// Takes the exclusive lock of a file, created if missing, until the returned lock is released or the process ends.
    /// - Returns: nil when another process holds it.
    func lock(_ path: FilePath) throws(FileError) -> (any StoreLock)?

    /// Takes the exclusive lock of a file that is there, and leaves its content alone.
    /// - Returns: nil when somebody else holds it.
    func hold(_ path: FilePath) throws(FileError) -> (any StoreLock)?

    /// The volume that a path lies on.
    func volume(of path: FilePath) throws(FileError) -> Volume

    /// What addresses, sizes and positions of direct I/O on a file must be multiples of; nil where the system does not say.
    func directAlignment(of path: FilePath) throws(FileError) -> ByteCount?
}

/// An open file.
///
/// Reads may overlap everything; writes, truncations and flushes of one file may overlap reads, and a flush may
/// overlap a write that lies beyond what the flusher needs flushed.
///
/// A file that has unflushed writes must stay open until they are flushed: a flush error is told once per descriptor.
public protocol StoreFile: AnyObject, Sendable {
    /// Where it was opened.
    var path: FilePath { get }

    /// Its size.
    func size() throws(FileError) -> FilePosition

    /// Fills the buffer from `position`; fewer bytes only where the file ends.
    ///
    /// In mode `.ring` the buffer's address, its size and `position` must be multiples of the ring's block.
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(FileError) -> Int

    /// Writes all pieces one after the other from `position` on. When it throws, any part may have been written.
    func write(_ pieces: [UnsafeRawBufferPointer], at position: FilePosition) throws(FileError)

    /// Cuts or extends the file.
    func truncate(to size: FilePosition) throws(FileError)

    /// Takes room on the volume for every byte below `size`, extending the file to it, so that writes there find room.
    ///
    /// What was not written reads as zeros. `ENOSPC` when there is no room, and then any part may have been taken.
    func allocate(to size: FilePosition) throws(FileError)

    /// Asks the system to begin writing dirty bytes to the device, without waiting for it.
    ///
    /// Promises nothing: only a flush does, and it alone is told of what failed on the way.
    func startWriteback(at position: FilePosition, bytes: ByteCount) throws(FileError)

    /// Returns when everything written before the call, and the size, is on stable storage (fdatasync).
    ///
    /// A failure means that written bytes may be lost for good; it is never to be retried.
    func flush(_ site: FlushSite) throws(FileError)

    /// Forgets what the page cache holds of the file, so that the next read comes from the device.
    func dropCache() throws(FileError)

    /// Closes the file; later calls throw `EBADF`.
    func close()
}

/// An open directory.
public protocol StoreDirectory: AnyObject, Sendable {
    /// Makes its names durable (fsync); a failure is never to be retried.
    func flush(_ site: FlushSite) throws(FileError)

    /// Closes it; a later flush throws `EBADF`.
    func close()
}

/// A held lock.
public protocol StoreLock: AnyObject, Sendable {
    /// Gives the lock up.
    func release()
}

/// How a file is opened.
public enum FileOpenMode: Hashable, Sendable {
    /// For reading; it must exist.
    case read
    /// For reading and writing; it must exist.
    case update
    /// For reading and writing; made empty if it exists, created if not.
    case create
    /// For reading and writing around the page cache (O_DIRECT); it must exist.
    case ring
}

/// What stands at a path.
public enum FileKind: Hashable, Sendable {
    /// A regular file.
    case file
    /// A directory.
    case directory
    /// Something else.
    case other
}

/// A volume's type and room.
public struct Volume: Hashable, Sendable {
    /// The file system's name, such as `ext4`.
    public let type: String
    /// All bytes.
    public let totalBytes: UInt64
    /// Bytes that may still be written.
    public let availableBytes: UInt64

    /// Creates a volume.
    public init(type: String, totalBytes: UInt64, availableBytes: UInt64) {
        self.type = type
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
    }
}
