import SegmentStore
import SystemPackage

extension SimulatedMachine {
    /// Opens a file; `.create` makes one if there is none, and empties the one that is there.
    mutating func open(_ path: FilePath, _ mode: FileOpenMode) throws(Errno) -> Int {
        if mode == .ring, !settings.hasDirectIO { throw .invalidArgument }
        let slot = try image.slot(at: path)
        if let inode = image.inode(in: slot) {
            guard image.files[inode] != nil else { throw .isDirectory }
            let handle = try newHandle(inode, mode)
            if mode == .create { image.files[inode]?.truncate(to: 0) }
            return handle
        }
        guard mode == .create else { throw .noSuchFileOrDirectory }
        let inode = image.newInode()
        let handle = try newHandle(inode, mode)
        image.files[inode] = SimulatedFile()
        image.changeNames([(slot, inode)])
        return handle
    }

    func list(_ path: FilePath) throws(Errno) -> [String] {
        guard let directory = try image.directories[image.inode(at: path)] else { throw .notDirectory }
        return directory.entries.keys.sorted()
    }

    func kind(of path: FilePath) throws(Errno) -> FileKind? {
        do {
            return try image.directories[image.inode(at: path)] == nil ? .file : .directory
        } catch .noSuchFileOrDirectory, .notDirectory {
            return nil
        }
    }

    mutating func createDirectory(_ path: FilePath) throws(Errno) {
        let slot = try image.slot(at: path)
        guard image.inode(in: slot) == nil else { throw .fileExists }
        let inode = image.newInode()
        image.directories[inode] = SimulatedDirectory()
        image.changeNames([(slot, inode)])
    }

    mutating func rename(_ source: FilePath, to target: FilePath) throws(Errno) {
        let from = try image.slot(at: source)
        let to = try image.slot(at: target)
        guard let inode = image.inode(in: from) else { throw .noSuchFileOrDirectory }
        if from == to { return }
        let isDirectory = image.directories[inode] != nil
        let (source, target) = (source.lexicallyNormalized(), target.lexicallyNormalized())
        if isDirectory, target.starts(with: source) { throw .invalidArgument }
        if source.starts(with: target) { throw .directoryNotEmpty }
        if let replaced = image.inode(in: to) {
            switch (isDirectory, image.directories[replaced]) {
            case (true, nil): throw .notDirectory
            case (false, .some): throw .isDirectory
            case (true, .some(let directory)) where !directory.entries.isEmpty: throw .directoryNotEmpty
            default: break
            }
        }
        image.changeNames([(from, nil), (to, inode)])
    }

    mutating func unlink(_ path: FilePath) throws(Errno) {
        let slot = try image.slot(at: path)
        guard let inode = image.inode(in: slot) else { throw .noSuchFileOrDirectory }
        guard image.files[inode] != nil else { throw .isDirectory }
        image.changeNames([(slot, nil)])
    }

    mutating func removeDirectory(_ path: FilePath) throws(Errno) {
        let slot = try image.slot(at: path)
        guard let inode = image.inode(in: slot) else { throw .noSuchFileOrDirectory }
        guard let directory = image.directories[inode] else { throw .notDirectory }
        guard directory.entries.isEmpty else { throw .directoryNotEmpty }
        image.changeNames([(slot, nil)])
    }

    mutating func openDirectory(_ path: FilePath) throws(Errno) -> Int {
        let inode = try image.inode(at: path)
        guard image.directories[inode] != nil else { throw .notDirectory }
        return try newHandle(inode, .read)
    }

    mutating func flushDirectory(_ path: FilePath, _ site: FlushSite) throws(Errno) {
        let handle = try openDirectory(path)
        defer { handles[handle] = nil }
        try flushDirectory(handle, site)
    }

    mutating func flushDirectory(_ handle: Int, _ site: FlushSite) throws(Errno) {
        guard let inode = handles[handle]?.inode else { throw .badFileDescriptor }
        if !ignoredSites.contains(site), !defers(inode, site) { image.flushNames(of: inode) }
    }

    /// - Returns: the locked inode; nil when its lock is held.
    mutating func lock(_ path: FilePath) throws(Errno) -> Int? {
        let slot = try image.slot(at: path)
        let inode: Int
        if let present = image.inode(in: slot) {
            guard image.files[present] != nil else { throw .isDirectory }
            inode = present
        } else {
            inode = image.newInode()
            image.files[inode] = SimulatedFile()
            image.changeNames([(slot, inode)])
        }
        return locks.insert(inode).inserted ? inode : nil
    }
}
