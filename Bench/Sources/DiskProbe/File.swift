import BenchSupport
import Glibc

#if arch(arm64)
    /// `O_DIRECT`, past the page cache.
    ///
    /// Glibc shows it only to GNU sources, and its value is the architecture's.
    private let directFlag: Int32 = 0o200000
#else
    /// `O_DIRECT`, past the page cache.
    ///
    /// Glibc shows it only to GNU sources, and its value is the architecture's.
    private let directFlag: Int32 = 0o40000
#endif

/// An open file.
///
/// Every call is one system call, repeated only when a signal or a short write cut it off.
final class File: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Creates an empty file, or empties one that is there.
    init(creating path: String) throws {
        self.path = path
        descriptor = try SystemFailure.check(open(path, O_CREAT | O_TRUNC | O_RDWR | O_CLOEXEC, 0o644), "open", path)
    }

    /// Opens a file that exists, past the page cache if `direct`.
    init(opening path: String, direct: Bool) throws {
        self.path = path
        descriptor = try SystemFailure.check(open(path, O_RDWR | O_CLOEXEC | (direct ? directFlag : 0)), "open", path)
    }

    deinit {
        close(descriptor)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at position: Int) throws {
        var written = 0
        while written < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
            let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(position + written))
            if count < 0, errno == EINTR { continue }
            written += try SystemFailure.check(count, "pwrite", path)
        }
    }

    /// `fdatasync`: the bytes, and of the metadata only what reading them back needs.
    func flushData() throws {
        try SystemFailure.check(fdatasync(descriptor), "fdatasync", path)
    }

    /// `fsync`: bytes and metadata.
    func flush() throws {
        try SystemFailure.check(fsync(descriptor), "fsync", path)
    }

    func cut(to size: Int) throws {
        try SystemFailure.check(ftruncate(descriptor, off_t(size)), "ftruncate", path)
    }
}
