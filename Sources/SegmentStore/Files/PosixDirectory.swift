import Glibc
import SystemPackage

/// An open directory of the operating system.
final class PosixDirectory: StoreDirectory {
    private let path: FilePath
    private let descriptor: PosixDescriptor

    init(_ path: FilePath) throws(Errno) {
        self.path = path
        let opened = try PosixCall.typed {
            try FileDescriptor.open(path, .readOnly, options: [.directory, .closeOnExec])
        }
        descriptor = PosixDescriptor(opened)
    }

    /// Makes its names durable (fsync).
    func flush(_ site: FlushSite) throws(FileError) {
        do throws(Errno) {
            _ = try descriptor.withDescriptor { descriptor throws(Errno) in
                // Names are metadata: fsync, not fdatasync. As with files, a failure is told and not tried again.
                try PosixCall.once { fsync(descriptor.rawValue) }
            }
        } catch {
            throw FileError(.flushDirectory, path, error)
        }
    }

    func close() {
        descriptor.close()
    }
}
