import Glibc
import SystemPackage

/// System calls that swift-system does not wrap, and the constants that the Glibc module leaves out.
enum PosixCall {
    /// O_DIRECT of open(2); the C library hides it behind `_GNU_SOURCE`, and it differs between architectures.
    #if arch(arm64) || arch(arm)
        static let openDirect: CInt = 0o200000
    #else
        static let openDirect: CInt = 0o40000
    #endif

    /// UIO_MAXIOV of the kernel: the most pieces that one pwritev(2) takes.
    static let vectorCountMax = 1024

    /// F_OFD_SETLK of fcntl(2), hidden likewise.
    private static let setDescriptionLock: CInt = 37

    /// What the last failed call of this thread said.
    static var lastError: Errno { Errno(rawValue: errno) }

    /// Repeats a call for as long as a signal interrupts it.
    /// - Returns: what it returned, never negative.
    static func retrying<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result >= 0 { return result }
            if lastError != .interrupted { throw lastError }
        }
    }

    /// Makes one call.
    /// - Returns: what it returned, never negative.
    @discardableResult
    static func once<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
        let result = call()
        guard result >= 0 else { throw lastError }
        return result
    }

    /// Turns what swift-system throws into the one error that it can be.
    static func typed<Result>(_ call: () throws -> Result) throws(Errno) -> Result {
        do {
            return try call()
        } catch let error as Errno {
            throw error
        } catch {
            // swift-system throws nothing but Errno; a stranger is still an error of I/O.
            throw .ioError
        }
    }

    /// Begins the writeback of a range (sync_file_range with SYNC_FILE_RANGE_WRITE alone).
    ///
    /// The flags that wait are left out: they take the file's pending error, which belongs to the next flush. Where the C
    /// library has no such function nothing happens.
    static func startWriteback(_ descriptor: FileDescriptor, from start: Int64, bytes: Int64) throws(Errno) {
        typealias Function = @convention(c) (CInt, Int64, Int64, CUnsignedInt) -> CInt
        guard let symbol = dlsym(nil, "sync_file_range") else { return }
        // The symbol is the C library's own function of this name, whose prototype sync_file_range(2) gives.
        let function = unsafeBitCast(symbol, to: Function.self)
        let startWriting: CUnsignedInt = 2
        try once { function(descriptor.rawValue, start, bytes, startWriting) }
    }

    /// The alignment that direct I/O on a file needs (statx with STATX_DIOALIGN); nil where the kernel does not say.
    static func directAlignment(of path: FilePath) throws(Errno) -> Int? {
        typealias Function =
            @convention(c) (CInt, UnsafePointer<CChar>, CInt, CUnsignedInt, UnsafeMutableRawPointer) -> CInt
        guard let symbol = dlsym(nil, "statx") else { return nil }
        // The symbol is the C library's own function of this name, whose prototype statx(2) gives.
        let function = unsafeBitCast(symbol, to: Function.self)
        let atWorkingDirectory: CInt = -100
        let wanted: CUnsignedInt = 0x2000
        // struct statx has 256 bytes; its mask stands at 0, the alignments of memory and of positions at 152 and 156.
        let answer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 8)
        defer { answer.deallocate() }
        answer.initializeMemory(as: UInt8.self, repeating: 0)
        guard let start = answer.baseAddress else { return nil }
        try once { path.withPlatformString { function(atWorkingDirectory, $0, 0, wanted, start) } }
        guard answer.load(fromByteOffset: 0, as: UInt32.self) & UInt32(wanted) != 0 else { return nil }
        let memory = answer.load(fromByteOffset: 152, as: UInt32.self)
        let position = answer.load(fromByteOffset: 156, as: UInt32.self)
        return memory == 0 || position == 0 ? nil : Int(max(memory, position))
    }

    /// Locks a whole file for this open description (fcntl F_OFD_SETLK, the lock that goes when the description does).
    /// - Returns: false when another description holds it, of this process or another.
    static func lock(_ descriptor: FileDescriptor) throws(Errno) -> Bool {
        var whole = flock(
            l_type: Int16(F_WRLCK),
            l_whence: Int16(SEEK_SET),
            l_start: 0,
            l_len: 0,
            l_pid: 0
        )
        do {
            _ = try retrying { fcntl(descriptor.rawValue, setDescriptionLock, &whole) }
            return true
        } catch .resourceTemporarilyUnavailable, .permissionDenied {
            return false
        }
    }

    /// What stands at a path, links followed; nil when nothing does.
    static func kind(of path: FilePath) throws(Errno) -> FileKind? {
        var info = stat()
        do {
            try once { path.withPlatformString { stat($0, &info) } }
        } catch .noSuchFileOrDirectory, .notDirectory {
            return nil
        }
        switch info.st_mode & S_IFMT {
        case S_IFREG: return .file
        case S_IFDIR: return .directory
        default: return .other
        }
    }

    /// The names in a directory, sorted, without `.` and `..`.
    static func names(in directory: FilePath) throws(Errno) -> [String] {
        guard let stream = directory.withPlatformString({ opendir($0) }) else { throw lastError }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            // readdir(3) tells the end from an error by errno alone.
            errno = 0
            guard let entry = readdir(stream) else { break }
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw lastError }
        return names.sorted()
    }
}
