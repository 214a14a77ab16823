public import RecordFormat
public import SegmentStore
import Synchronization
public import SystemPackage

/// A file system in memory that forgets what was not flushed when its power is cut, and fails where it is told to.
///
/// It is stricter than any real one. A flush makes durable the blocks and the size of its own file, and nothing else: no
/// other file that waits in the same device's cache, and no name. A directory's flush makes durable the changes of names in
/// that directory, a rename between two of them once both are flushed. Everything else may survive a power cut or not, each
/// block, size and change on its own. Code that is right here does not rest on the kindness of one file system.
///
/// Every call has a number. A test runs a workload once, and then again with a power cut or an error at each number; or it
/// records the image at every call of one run, and explores what may survive of each.
public final class SimulatedFileSystem: FileSystem {
    /// The error of every call after the power is gone.
    ///
    /// It is no number of Linux, so that nothing can mistake it.
    public static let powerCut = Errno(rawValue: 9999)

    private let machine: Mutex<SimulatedMachine>
    /// Sees each call before it is made; runs outside the machine's lock.
    let observer = Mutex<(@Sendable (SimulatedCall) -> Void)?>(nil)

    /// A volume with one empty, durable directory.
    public convenience init(directory: FilePath = "/data", _ settings: SimulatedSettings = SimulatedSettings()) {
        self.init(SimulatedImage(directory: directory), settings)
    }

    /// A machine that starts with a volume as it is.
    public init(_ image: SimulatedImage, _ settings: SimulatedSettings = SimulatedSettings()) {
        machine = Mutex(SimulatedMachine(image, settings))
    }

    /// Opens a file; `.ring` as the settings allow.
    public func open(_ path: FilePath, _ mode: FileOpenMode) throws(FileError) -> any StoreFile {
        let handle = try call(SimulatedCall(mode == .create ? .create : .open, path)) { machine, _ throws(Errno) in
            try machine.open(path, mode)
        }
        return SimulatedHandle(self, handle, path, isDirect: mode == .ring)
    }

    /// The names in a directory, sorted.
    public func list(_ directory: FilePath) throws(FileError) -> [String] {
        try call(SimulatedCall(.list, directory)) { machine, _ throws(Errno) in
            try machine.list(directory)
        }
    }

    /// What stands at a path.
    public func kind(of path: FilePath) throws(FileError) -> FileKind? {
        try call(SimulatedCall(.stat, path)) { machine, _ throws(Errno) in
            try machine.kind(of: path)
        }
    }

    /// Makes a directory.
    public func createDirectory(_ path: FilePath) throws(FileError) {
        try call(SimulatedCall(.createDirectory, path)) { machine, _ throws(Errno) in
            try machine.createDirectory(path)
        }
    }

    /// Moves a file or directory: one change of names, lost or kept as a whole.
    public func rename(_ source: FilePath, to target: FilePath) throws(FileError) {
        try call(SimulatedCall(.rename, source)) { machine, _ throws(Errno) in
            try machine.rename(source, to: target)
        }
    }

    /// Removes a file's name; open files stay readable.
    public func unlink(_ path: FilePath) throws(FileError) {
        try call(SimulatedCall(.unlink, path)) { machine, _ throws(Errno) in
            try machine.unlink(path)
        }
    }

    /// Removes an empty directory.
    public func removeDirectory(_ path: FilePath) throws(FileError) {
        try call(SimulatedCall(.removeDirectory, path)) { machine, _ throws(Errno) in
            try machine.removeDirectory(path)
        }
    }

    /// Opens a directory.
    public func openDirectory(_ path: FilePath) throws(FileError) -> any StoreDirectory {
        let handle = try call(SimulatedCall(.open, path)) { machine, _ throws(Errno) in
            try machine.openDirectory(path)
        }
        return SimulatedOpenDirectory(self, handle, path)
    }

    /// Makes the changes of names in a directory durable.
    public func flushDirectory(_ path: FilePath, _ site: FlushSite) throws(FileError) {
        try call(SimulatedCall(.flushDirectory, path, site: site)) { machine, _ throws(Errno) in
            try machine.flushDirectory(path, site)
        }
    }

    /// Locks a file, unsigned: there are no processes here.
    public func lock(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        let inode = try call(SimulatedCall(.lock, path)) { machine, _ throws(Errno) in
            try machine.lock(path)
        }
        return inode.map { SimulatedLock(self, $0) }
    }

    /// Locks a file that is there.
    public func hold(_ path: FilePath) throws(FileError) -> (any StoreLock)? {
        let inode = try call(SimulatedCall(.lock, path)) { machine, _ throws(Errno) in
            _ = try machine.image.inode(at: path)
            return try machine.lock(path)
        }
        return inode.map { SimulatedLock(self, $0) }
    }

    /// The volume, as the settings describe it.
    public func volume(of path: FilePath) throws(FileError) -> Volume {
        try call(SimulatedCall(.volume, path)) { machine, _ throws(Errno) in
            _ = try machine.image.inode(at: path)
            let unlimited: UInt64 = 1 << 40
            let available = machine.availableBlockCount.map { UInt64($0 * SimulatedBlock.size) }
            return Volume(
                type: machine.settings.type,
                totalBytes: machine.settings.capacityBytes ?? unlimited,
                availableBytes: available ?? unlimited
            )
        }
    }

    /// The alignment of direct I/O, as the settings describe it.
    public func directAlignment(of path: FilePath) throws(FileError) -> ByteCount? {
        try call(SimulatedCall(.directAlignment, path)) { machine, _ throws(Errno) in
            _ = try machine.image.inode(at: path)
            return machine.settings.hasDirectIO ? ByteCount(machine.settings.directAlignmentBytes) : nil
        }
    }

    /// Makes a numbered call, which may fail as planned.
    func call<Result: Sendable>(
        _ call: SimulatedCall,
        _ body: (inout SimulatedMachine, SimulatedFault?) throws(Errno) -> Result
    ) throws(FileError) -> Result {
        observer.withLock { $0 }?(call)
        return try machine.withLock { machine throws(FileError) in
            try machine.perform(call, body)
        }
    }

    /// Looks at the machine, or changes it, without a call: what tests do from outside.
    func withMachine<Result: Sendable, Failure: Error>(
        _ body: (inout SimulatedMachine) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try machine.withLock { machine throws(Failure) in
            try body(&machine)
        }
    }
}
