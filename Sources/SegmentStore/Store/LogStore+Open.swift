import RecordFormat
import SystemPackage

/// Bytes that nobody can guess, from the system: ids and keys are made of them.
public typealias RandomBytes = @Sendable (_ count: Int) -> [UInt8]

/// The wall clock, for what must keep its meaning over restarts: the age of segments, retention.
public typealias WallTime = @Sendable () -> Timestamp

extension LogStore {
    /// Opens a data directory, made if missing, and recovers it after an unclean stop.
    ///
    /// Nothing is returned before recovery's own flush and its checkpoint: what can be read then is on stable storage.
    /// - Parameter report: takes a line for each thing an operator should know, such as how the journal is written.
    /// - Throws: `locked`, `newerFormat`, `notADataDirectory`, `corrupt` with the place, `io`. Nothing was changed that
    ///   another attempt would not do again.
    public static func open(
        _ configuration: StoreConfiguration,
        fileSystem: any FileSystem,
        wallTime: @escaping WallTime,
        randomBytes: RandomBytes,
        report: (String) -> Void
    ) throws(StorageError) -> LogStore {
        try configuration.check()
        let paths = StorePaths(configuration)
        let fileSystem = DescriptorKeeper(fileSystem, segmentCountMax: configuration.openSegmentsMax)
        try makeDirectory(paths.directory, paths, fileSystem: fileSystem)
        let creation = DirectoryCreation(configuration: configuration, paths: paths, fileSystem: fileSystem)
        try creation.refuseForeignContent()
        try makeDirectory(paths.journal.parent, paths, fileSystem: fileSystem)
        let lock = try takeLock(paths, fileSystem: fileSystem)
        do throws(StorageError) {
            try StorageError.wrap { () throws(FileError) in try fileSystem.fillReserve(with: paths.lock) }
            try refuseForeignRing(paths, fileSystem)
            let meta = try creation.existingOrNewMeta(randomBytes: randomBytes)
            try hold([paths.meta, paths.journal], with: lock, fileSystem)
            var recovery = try Recovery(
                configuration: configuration,
                meta: meta,
                paths: paths,
                fileSystem: fileSystem,
                wallTime: wallTime,
                lock: lock
            )
            return try recovery.run(report: report)
        } catch {
            lock.release()
            throw error
        }
    }

    private static func makeDirectory(
        _ path: FilePath,
        _ paths: StorePaths,
        fileSystem: any FileSystem
    ) throws(StorageError) {
        try StorageError.wrap { () throws(FileError) in
            if try fileSystem.kind(of: path) == nil { try fileSystem.createDirectory(path) }
            // Also when it is there: a process that was killed right behind the line above left a name in the cache.
            guard try fileSystem.kind(of: paths.meta) == nil else { return }
            try fileSystem.flushDirectory(path.parent, .directoryName)
        }
    }

    /// A directory that is to be made would take the place of a ring that a broker is using.
    private static func refuseForeignRing(
        _ paths: StorePaths,
        _ fileSystem: any FileSystem
    ) throws(StorageError) {
        let (meta, journal) = try StorageError.wrap { () throws(FileError) in
            (try fileSystem.kind(of: paths.meta), try fileSystem.kind(of: paths.journal))
        }
        guard meta == nil, journal == .file else { return }
        let lock = try StorageError.wrap { () throws(FileError) in try fileSystem.hold(paths.journal) }
        guard let lock else { throw .locked(path: paths.journal, holder: nil) }
        lock.release()
    }

    private static func hold(
        _ paths: [FilePath],
        with lock: DirectoryLock,
        _ fileSystem: any FileSystem
    ) throws(StorageError) {
        for path in paths {
            let isMine = try StorageError.wrap { () throws(FileError) in try lock.hold(path, fileSystem) }
            guard isMine else { throw .locked(path: path, holder: nil) }
        }
    }

    private static func takeLock(_ paths: StorePaths, fileSystem: any FileSystem) throws(StorageError) -> DirectoryLock
    {
        let lock = try StorageError.wrap { () throws(FileError) in try fileSystem.lock(paths.lock) }
        guard let lock else {
            throw .locked(path: paths.directory, holder: fileSystem.lockHolder(paths.lock).map(String.init))
        }
        return DirectoryLock(lock)
    }
}

extension StoreConfiguration {
    /// Refuses what cannot be, before anything is touched.
    func check() throws(StorageError) {
        _ = try geometry(id: [], alignment: nil, volume: nil)
        guard segmentBytesMax.value > 0, segmentBytesMax.value <= 1 << 30 else {
            throw .invalidConfiguration("segments of \(segmentBytesMax) are not possible: choose 1 B to 1 GiB")
        }
        guard coordinatorShards > 0, coordinatorShards <= 1024 else {
            throw .invalidConfiguration("\(coordinatorShards) coordinator shards are not possible: choose 1 to 1024")
        }
        guard openSegmentsMax >= DescriptorKeeper.segmentCountMin else {
            throw .invalidConfiguration(
                "\(openSegmentsMax) open segments are too few: \(DescriptorKeeper.segmentCountMin) are the least"
            )
        }
    }

    /// The sizes of a ring to be made, in blocks that direct I/O can take.
    func geometry(id: [UInt8], alignment: ByteCount?, volume: Volume?) throws(StorageError) -> RingGeometry {
        let block = max(RingGeometry.blockMin, alignment?.value ?? 0)
        let frame = frameBytesMax.value / block * block
        var ring = ringBytes.value / block * block
        guard frame >= 2 * block, ring >= 4 * frame else {
            throw .invalidConfiguration(
                "the journal ring (\(ringBytes)) must hold at least four frames of \(frameBytesMax), each at least two blocks"
                    + " of \(block) bytes: enlarge the ring"
            )
        }
        if let volume {
            let share = Int(clamping: volume.totalBytes / 100) * ringVolumePercentMax / block * block
            ring = max(4 * frame, min(ring, share))
        }
        return RingGeometry(id: id, block: block, ringBytes: ring, frameBytesMax: frame)
    }
}
