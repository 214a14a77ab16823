import SystemPackage

/// A file operation that failed: which, where, and why.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The operations.
    public enum Operation: String, Hashable, Sendable {
        case open, list, stat, createDirectory, rename, unlink, removeDirectory, flushDirectory, lock
        case size, read, write, truncate, flush, dropCache
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

    /// The text for people.
    public var description: String { "\(operation.rawValue) \(path): \(code) (errno \(code.rawValue))" }
}
