import Glibc
public import RecordFormat
public import SystemPackage

/// A file of the operating system.
public final class PosixFile: StoreFile {
    /// Where it was opened.
    public let path: FilePath
    private let descriptor: PosixDescriptor

    init(_ path: FilePath, _ descriptor: FileDescriptor) {
        self.path = path
        self.descriptor = PosixDescriptor(descriptor)
    }

    /// Its size (fstat).
    public func size() throws(FileError) -> FilePosition {
        try call(.size) { descriptor throws(Errno) in
            var info = stat()
            try PosixCall.once { fstat(descriptor.rawValue, &info) }
            return FilePosition(UInt64(info.st_size))
        }
    }

    /// Fills the buffer (pread), however often the system stops short of that or is interrupted.
    public func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at position: FilePosition
    ) throws(FileError) -> Int {
        try call(.read) { descriptor throws(Errno) in
            let start = try Self.systemOffset(position)
            var filled = 0
            while filled < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                let count = try PosixCall.typed {
                    try descriptor.read(fromAbsoluteOffset: start + Int64(filled), into: rest)
                }
                if count == 0 { break }
                filled += count
            }
            return filled
        }
    }

    /// Writes all pieces (pwritev), however often the system stops short of that or is interrupted.
    public func write(_ pieces: [UnsafeRawBufferPointer], at position: FilePosition) throws(FileError) {
        try call(.write) { descriptor throws(Errno) in
            var offset = Int(try Self.systemOffset(position))
            var rest = PosixPieces(pieces)
            while !rest.isDone {
                let vectors = rest.vectors(countMax: PosixCall.vectorCountMax)
                let count = try PosixCall.retrying {
                    pwritev(descriptor.rawValue, vectors, CInt(vectors.count), offset)
                }
                // No file system answers zero to a write of something; should one, going round for ever helps nobody.
                guard count > 0 else { throw .ioError }
                rest.advance(by: count)
                offset += count
            }
        }
    }

    /// Cuts or extends the file (ftruncate).
    public func truncate(to size: FilePosition) throws(FileError) {
        try call(.truncate) { descriptor throws(Errno) in
            let size = try Self.systemOffset(size)
            try PosixCall.typed { try descriptor.resize(to: size) }
        }
    }

    /// Takes room and extends the file to it (posix_fallocate).
    public func allocate(to size: FilePosition) throws(FileError) {
        try call(.allocate) { descriptor throws(Errno) in
            let size = try Self.systemOffset(size)
            // posix_fallocate returns its error instead of setting errno, and refuses to take nothing.
            guard size > 0 else { return }
            var code = posix_fallocate(descriptor.rawValue, 0, Int(size))
            while code == EINTR { code = posix_fallocate(descriptor.rawValue, 0, Int(size)) }
            guard code == 0 else { throw Errno(rawValue: code) }
        }
    }

    /// Begins to write dirty pages (sync_file_range).
    public func startWriteback(at position: FilePosition, bytes: ByteCount) throws(FileError) {
        try call(.startWriteback) { descriptor throws(Errno) in
            let start = try Self.systemOffset(position)
            // A range of no bytes means everything to sync_file_range(2).
            guard bytes.value > 0 else { return }
            try PosixCall.startWriteback(descriptor, from: start, bytes: Int64(bytes.value))
        }
    }

    /// Flushes the bytes and the size (fdatasync).
    public func flush(_ site: FlushSite) throws(FileError) {
        // Not retried, not even when interrupted: after a failed flush Linux calls the pages clean, and a second flush that
        // succeeds says nothing about them.
        try call(.flush) { descriptor throws(Errno) in
            try PosixCall.once { fdatasync(descriptor.rawValue) }
        }
    }

    /// Drops the clean pages (posix_fadvise); dirty ones stay, so flush first.
    public func dropCache() throws(FileError) {
        try call(.dropCache) { descriptor throws(Errno) in
            // posix_fadvise returns its error instead of setting errno.
            let code = posix_fadvise(descriptor.rawValue, 0, 0, POSIX_FADV_DONTNEED)
            guard code == 0 else { throw Errno(rawValue: code) }
        }
    }

    /// Closes the file, once the calls under way are through.
    public func close() {
        descriptor.close()
    }

    @discardableResult
    private func call<Result>(
        _ operation: FileError.Operation,
        _ body: (FileDescriptor) throws(Errno) -> Result
    ) throws(FileError) -> Result {
        do {
            return try descriptor.withDescriptor(body)
        } catch {
            throw FileError(operation, path, error)
        }
    }

    private static func systemOffset(_ position: FilePosition) throws(Errno) -> Int64 {
        guard let offset = Int64(exactly: position.value) else { throw .invalidArgument }
        return offset
    }
}
