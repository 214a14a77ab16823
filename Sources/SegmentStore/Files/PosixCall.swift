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
