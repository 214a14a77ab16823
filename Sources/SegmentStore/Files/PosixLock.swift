import Glibc
import SystemPackage

/// A held lock of the operating system; it goes with the process, however that ends.
public final class PosixLock: StoreLock {
    private let descriptor: PosixDescriptor

    /// Owns a descriptor that holds the lock.
    init(_ descriptor: FileDescriptor) {
        self.descriptor = PosixDescriptor(descriptor)
    }

    /// Gives the lock up by closing its file.
    public func release() {
        descriptor.close()
    }

    /// Writes who holds the lock into its file, for a second broker's error message.
    static func sign(_ descriptor: FileDescriptor) throws(Errno) {
        try PosixCall.typed {
            try descriptor.resize(to: 0)
            try descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())\n".utf8)
        }
    }
}
