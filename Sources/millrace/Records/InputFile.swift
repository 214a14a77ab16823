import Glibc

/// A file, or standard input, read in blocks.
struct InputFile: ~Copyable {
    /// Why it cannot be read.
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "cannot read \(path): \(reason)" }
    }

    private static let blockBytes = 256 << 10

    private let path: String
    private let descriptor: Int32

    /// Opens a file; `-` is standard input.
    init(path: String) throws(Failure) {
        guard path != "-" else {
            (self.path, descriptor) = ("standard input", STDIN_FILENO)
            return
        }
        let opened = open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        (self.path, descriptor) = (path, opened)
    }

    deinit {
        if descriptor != STDIN_FILENO { close(descriptor) }
    }

    /// Whether `read` would answer at once: a slow input is sent on before it is waited for.
    var isReady: Bool {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, 0) != 0
    }

    /// The next bytes, or none at the end.
    ///
    /// Blocks: nothing else of this process has work to do meanwhile.
    func read() throws(Failure) -> ArraySlice<UInt8> {
        var block = [UInt8](repeating: 0, count: Self.blockBytes)
        while true {
            let count = block.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 { return block.prefix(count) }
            guard errno == EINTR else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
        }
    }
}
