import Synchronization
import SystemPackage

/// An open descriptor that several threads use and any of them closes.
///
/// The system hands out a closed number again at once. So the number is given back only when no call uses it any more, and
/// a call that comes after `close()` gets `EBADF` from here instead of reaching some other file.
final class PosixDescriptor: Sendable {
    private struct Use {
        var callCount = 0
        var isClosed = false
    }

    private let descriptor: FileDescriptor
    private let use = Mutex(Use())

    /// Owns `descriptor` from now on.
    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    deinit {
        close()
    }

    /// Lends the descriptor to one call.
    func withDescriptor<Result>(
        _ body: (FileDescriptor) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let isOpen = use.withLock { use in
            if use.isClosed { return false }
            use.callCount += 1
            return true
        }
        guard isOpen else { throw .badFileDescriptor }
        defer { giveBack() }
        return try body(descriptor)
    }

    /// Refuses further calls, and closes once those under way are through.
    ///
    /// Closing twice is harmless.
    func close() {
        let isMine = use.withLock { use in
            if use.isClosed { return false }
            use.isClosed = true
            return use.callCount == 0
        }
        if isMine { release() }
    }

    private func giveBack() {
        let isMine = use.withLock { use in
            use.callCount -= 1
            return use.isClosed && use.callCount == 0
        }
        if isMine { release() }
    }

    /// The error of close(2) is dropped: everything that matters was flushed before, and Linux frees the number even so.
    private func release() {
        try? descriptor.close()
    }
}
