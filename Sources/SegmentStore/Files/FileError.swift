import SystemPackage

/// A file operation that failed: which, where, and why.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operations.
    public enum Operation: String, Hashable, Sendable {
        case open, list, stat, createDirectory, rename, unlink, removeDirectory, flushDirectory, lock
        case size, read, write, truncate, allocate, startWriteback, flush, dropCache
    }

    /// What was attempted.
    public let operation: Operation
    /// On which path.
    public let path: FilePath
    /// What the system said.
    public let code: Errno

    /// Creates an error.
    public init(_ operation: Operation, _ path: FilePath, _ code: Errno) {
        self.operation = operation
        self.path = path
        self.code = code
    }

    /// What to do about it, where that is plain.
    var advice: String {
        switch code {
        case .readOnlyFileSystem: ": the file system is read-only; mount it writable, or choose another directory"
        case .noSpace, .diskQuotaExceeded: ": make room on the volume"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: ": raise the limit of open files (ulimit -n)"
        case .permissionDenied, .notPermitted: ": give this user the right to read and write there"
        default: ""
        }
    }

    /// The text for people.
    public var description: String { "\(operation.rawValue) \(path): \(code) (errno \(code.rawValue))" }
}
