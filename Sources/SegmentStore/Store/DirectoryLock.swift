import Synchronization
import SystemPackage

/// What keeps a second broker from a data directory: the lock of `lock`, and those of `millrace.meta` and of the ring.
///
/// `lock` can be removed, and a copy of the directory has one of its own that nobody holds; without the other two no broker
/// runs, and the ring may be shared by two copies when it lies elsewhere.
final class DirectoryLock: StoreLock {
    private let locks: Mutex<[any StoreLock]>

    /// Takes over the lock of `lock`.
    init(_ lock: any StoreLock) {
        locks = Mutex([lock])
    }

    /// Holds another file as well, if it is there.
    /// - Returns: false when somebody else holds it.
    func hold(_ path: FilePath, _ fileSystem: any FileSystem) throws(FileError) -> Bool {
        guard try fileSystem.kind(of: path) == .file else { return true }
        guard let lock = try fileSystem.hold(path) else { return false }
        locks.withLock { $0.append(lock) }
        return true
    }

    func release() {
        let held = locks.withLock { locks in
            defer { locks = [] }
            return locks
        }
        for lock in held.reversed() { lock.release() }
    }
}
