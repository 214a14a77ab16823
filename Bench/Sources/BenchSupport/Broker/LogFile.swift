import Glibc

/// A file that lines are added to.
package final class LogFile: Sendable {
    private let descriptor: Int32

    package init(appendingTo path: String) throws {
        let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
        descriptor = try SystemFailure.check(open(path, flags, 0o644), "open", path)
    }

    deinit {
        close(descriptor)
    }

    /// Adds a line; one that cannot be written is only missing in what a person reads after a failure.
    package func write(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}
