import Glibc
public import RecordFormat
public import SystemPackage

/// The file system of the operating system.
public struct PosixFileSystem: FileSystem {
    /// Creates the file system; it has no state.
    public init() {}

    /// Opens a file, closed when another program is started.
    public func open(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        try call(.open, path) { () throws(Errno) in
            try PosixFile(path, Self.descriptor(path, mode))
        }
    }

    /// The names in a directory (readdir), sorted.
    public func list(_ directory: FilePath) throws(FileError) -> [String] {
        try call(.list, directory) { () throws(Errno) in
            try PosixCall.names(in: directory)
        }
    }

    /// What stands at a path (stat); symbolic links are followed.
    public func kind(of path: FilePath) throws(FileError) -> FileKind? {
        try call(.stat, path) { () throws(Errno) in
            try PosixCall.kind(of: path)
        }
    }

    /// Makes a directory that is open to the owner and readable to the group.
    public func createDirectory(_ path: FilePath) throws(FileError) {
        try call(.createDirectory, path) { () throws(Errno) in
            try PosixCall.once { path.withPlatformString { mkdir($0, 0o750) } }
        }
    }

    /// Moves a file or directory (rename).
    public func rename(_ source: FilePath, to target: FilePath) throws(FileError) {
        try call(.rename, source) { () throws(Errno) in
            try PosixCall.once {
                source.withPlatformString { source in
                    target.withPlatformString { Glibc.rename(source, $0) }
                }
            }
        }
    }

    /// Removes a file's name (unlink).
    public func unlink(_ path: FilePath) throws(FileError) {
        try call(.unlink, path) { () throws(Errno) in
            try PosixCall.once { path.withPlatformString { Glibc.unlink($0) } }
        }
    }

    /// Removes an empty directory (rmdir).
    public func removeDirectory(_ path: FilePath) throws(FileError) {
        try call(.removeDirectory, path) { () throws(Errno) in
            try PosixCall.once { path.withPlatformString { rmdir($0) } }
        }
    }

    /// Opens a directory.
    public func openDirectory(_ path: FilePath) throws(FileError) -> any StoreDirectory {
        try call(.open, path) { () throws(Errno) in try PosixDirectory(path) }
    }

    /// Makes the names in a directory durable (fsync).
    public func flushDirectory(_ path: FilePath, _ site: FlushSite) throws(FileError) {
        let directory = try call(.flushDirectory, path) { () throws(Errno) in try PosixDirectory(path) }
        defer { directory.close() }
        try directory.flush(site)
    }

    /// Locks a file for as long as its descriptor is open, and writes the number of this process into it.
    ///
    /// The lock is that of fcntl F_OFD_SETLK: like the one of flock it belongs to the open description, so that it conflicts
    /// within a process too, and ends with it; flock itself has no name in Swift, hidden by the structure `flock`.
    public func lock(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        try call(.lock, path) { () throws(Errno) in
            let descriptor = try PosixCall.typed {
                try FileDescriptor.open(
                    path,
                    .readWrite,
                    options: [.create, .closeOnExec],
                    permissions: Self.filePermissions
                )
            }
            let lock = PosixLock(descriptor)
            guard try PosixCall.lock(descriptor) else { return nil }
            try PosixLock.sign(descriptor)
            return lock
        }
    }

    /// Locks a file that is there, in the same way.
    public func hold(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        try call(.lock, path) { () throws(Errno) in
            let descriptor = try PosixCall.typed {
                try FileDescriptor.open(path, .readWrite, options: .closeOnExec)
            }
            let lock = PosixLock(descriptor)
            return try PosixCall.lock(descriptor) ? lock : nil
        }
    }

    /// The volume that a path lies on: room from statvfs, the type from the list of mounts.
    public func volume(of path: FilePath) throws(FileError) -> Volume {
        try call(.stat, path) { () throws(Errno) in
            var room = statvfs()
            try PosixCall.once { path.withPlatformString { statvfs($0, &room) } }
            guard let resolved = path.withPlatformString({ realpath($0, nil) }) else { throw PosixCall.lastError }
            defer { free(resolved) }
            return Volume(
                type: try PosixMounts.current().type(of: FilePath(platformString: resolved)) ?? "unknown",
                totalBytes: UInt64(room.f_blocks) * UInt64(room.f_frsize),
                availableBytes: UInt64(room.f_bavail) * UInt64(room.f_frsize)
            )
        }
    }

    /// The alignment of direct I/O (statx).
    public func directAlignment(of path: FilePath) throws(FileError) -> ByteCount? {
        try call(.stat, path) { () throws(Errno) in
            try PosixCall.directAlignment(of: path).map { ByteCount($0) }
        }
    }

    /// Records are the users' own affair, and `millrace.meta` holds a key: nothing for others.
    private static let filePermissions: FilePermissions = [.ownerReadWrite, .groupRead]

    private static func descriptor(_ path: FilePath, _ mode: FileOpenMode) throws(Errno) -> FileDescriptor {
        try PosixCall.typed {
            switch mode {
            case .read:
                try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            case .update:
                try FileDescriptor.open(path, .readWrite, options: .closeOnExec)
            case .create:
                try FileDescriptor.open(
                    path,
                    .readWrite,
                    options: [.create, .truncate, .closeOnExec],
                    permissions: filePermissions
                )
            case .ring:
                try FileDescriptor.open(
                    path,
                    .readWrite,
                    options: [.closeOnExec, .init(rawValue: PosixCall.openDirect)]
                )
            }
        }
    }

    @discardableResult
    private func call<Result>(
        _ operation: FileError.Operation,
        _ path: FilePath,
        _ body: () throws(Errno) -> Result
    ) throws(FileError) -> Result {
        do {
            return try body()
        } catch {
            throw FileError(operation, path, error)
        }
    }
}
