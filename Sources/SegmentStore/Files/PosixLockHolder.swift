public import SystemPackage

extension FileSystem {
    /// The process that signed a lock file, for the message of a broker that was refused the lock.
    ///
    /// Only to be shown: the number may be of a process long gone.
    /// - Returns: nil when the file is missing, unreadable or not signed.
    public func lockHolder(_ path: FilePath) -> Int32? {
        guard let file = try? open(path, .read) else { return nil }
        defer { file.close() }
        var bytes = [UInt8](repeating: 0, count: 32)
        guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0, at: .zero) }) else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != 10 }, as: UTF8.self))
    }
}
