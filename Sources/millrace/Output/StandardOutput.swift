import Glibc

/// Standard output without a buffer: what was written has left this process, whatever happens to it next.
///
/// `work` depends on that: a record is printed before it is committed, also when the process is killed in between.
enum StandardOutput {
    /// Why nothing more can be written.
    struct Closed: Error, CustomStringConvertible {
        let reason: String
        /// Whether its reader has left, as `head` does, rather than something failed.
        let isReaderGone: Bool
        var description: String { "cannot write to standard output: \(reason)" }
    }

    /// Writes a text.
    static func write(_ text: String) throws(Closed) {
        try FileOutput.write(Array(text.utf8), to: STDOUT_FILENO)
    }

    /// Writes a text and a line break.
    static func write(line: String) throws(Closed) {
        try write(line + "\n")
    }
}

/// Standard error, for what is said about the work rather than the work itself.
enum StandardError {
    /// Writes `millrace: ` and the text.
    ///
    /// Nobody can be told when that fails.
    static func note(_ text: String) {
        try? FileOutput.write(Array("millrace: \(text)\n".utf8), to: STDERR_FILENO)
    }
}

private enum FileOutput {
    static func write(_ bytes: [UInt8], to descriptor: Int32) throws(StandardOutput.Closed) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count >= 0 {
                written += count
            } else if errno == EAGAIN {
                waitUntilWritable(descriptor)
            } else if errno != EINTR {
                let code = errno
                throw StandardOutput.Closed(reason: String(cString: strerror(code)), isReaderGone: code == EPIPE)
            }
        }
    }

    /// Whoever gave us the descriptor may have made it non-blocking.
    private static func waitUntilWritable(_ descriptor: Int32) {
        var descriptor = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&descriptor, 1, -1)
    }
}
