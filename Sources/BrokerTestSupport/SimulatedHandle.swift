import RecordFormat
import SegmentStore
import Synchronization
import SystemPackage

/// An open file of a simulated file system.
final class SimulatedHandle: StoreFile {
    let path: FilePath
    private let fileSystem: SimulatedFileSystem
    private let handle: Int
    private let isDirect: Bool

    init(_ fileSystem: SimulatedFileSystem, _ handle: Int, _ path: FilePath, isDirect: Bool) {
        self.fileSystem = fileSystem
        self.handle = handle
        self.path = path
        self.isDirect = isDirect
    }

    deinit {
        close()
    }

    func size() throws(FileError) -> FilePosition {
        try fileSystem.call(SimulatedCall(.size, path)) { machine, _ throws(Errno) in
            try machine.size(handle)
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at position: FilePosition) throws(FileError) -> Int {
        let call = SimulatedCall(
            isDirect ? .directRead : .read,
            path,
            position: position,
            length: ByteCount(buffer.count)
        )
        return try fileSystem.call(call) { machine, _ throws(Errno) in
            try machine.read(handle, into: buffer, at: position)
        }
    }

    func write(_ pieces: [UnsafeRawBufferPointer], at position: FilePosition) throws(FileError) {
        let call = SimulatedCall(
            isDirect ? .directWrite : .write,
            path,
            position: position,
            length: ByteCount(pieces.reduce(0) { $0 + $1.count })
        )
        try fileSystem.call(call) { machine, fault throws(Errno) in
            try machine.write(handle, pieces, at: position, fault)
        }
    }

    func truncate(to size: FilePosition) throws(FileError) {
        try fileSystem.call(SimulatedCall(.truncate, path, position: size)) { machine, _ throws(Errno) in
            try machine.truncate(handle, to: size)
        }
    }

    func allocate(to size: FilePosition) throws(FileError) {
        try fileSystem.call(SimulatedCall(.allocate, path, position: size)) { machine, _ throws(Errno) in
            try machine.allocate(handle, to: size)
        }
    }

    func startWriteback(at position: FilePosition, bytes: ByteCount) throws(FileError) {
        let call = SimulatedCall(.startWriteback, path, position: position, length: bytes)
        try fileSystem.call(call) { machine, _ throws(Errno) in
            try machine.startWriteback(handle, at: position, bytes: bytes)
        }
    }

    func flush(_ site: FlushSite) throws(FileError) {
        try fileSystem.call(SimulatedCall(.flush, path, site: site)) { machine, fault throws(Errno) in
            try machine.flush(handle, site, fault)
        }
    }

    func dropCache() throws(FileError) {
        try fileSystem.call(SimulatedCall(.dropCache, path)) { machine, _ throws(Errno) in
            try machine.dropCache(handle)
        }
    }

    func close() {
        fileSystem.withMachine { $0.handles[handle] = nil }
    }
}

/// A held lock of a simulated file system.
final class SimulatedLock: StoreLock {
    private let fileSystem: SimulatedFileSystem
    private let inode: Int
    private let isHeld = Mutex(true)

    init(_ fileSystem: SimulatedFileSystem, _ inode: Int) {
        self.fileSystem = fileSystem
        self.inode = inode
    }

    deinit {
        release()
    }

    func release() {
        // Once only: a second release must not give up the lock that another holder has by now.
        let wasHeld = isHeld.withLock { isHeld in
            defer { isHeld = false }
            return isHeld
        }
        if wasHeld { fileSystem.withMachine { _ = $0.locks.remove(inode) } }
    }
}
