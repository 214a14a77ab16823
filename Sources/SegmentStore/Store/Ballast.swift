import RecordFormat
import SystemPackage

/// A file that keeps room on the volume: at least as much as a replay may have to write.
///
/// Recovery writes the journal's entries again; on a volume that has filled up meanwhile it lets the ballast go and takes
/// its room. A broker that runs makes it again when there is room.
struct Ballast: Sendable {
    let fileSystem: any FileSystem
    let path: FilePath
    /// What it keeps: the size of the ring.
    let bytes: ByteCount

    /// Whether it is there in its whole size.
    func isWhole() throws(FileError) -> Bool {
        guard try fileSystem.kind(of: path) == .file else { return false }
        let file = try fileSystem.open(path, .read)
        defer { file.close() }
        return try file.size() >= FilePosition(UInt64(bytes.value))
    }

    /// Makes it.
    ///
    /// Flushed: a crash must not give its room to somebody else before the replay that it is kept for.
    ///
    /// - Parameter isNew: whether it is made with the data directory, whose names are all flushed together afterwards.
    func make(isNew: Bool = false) throws(FileError) {
        do throws(FileError) {
            let file = try fileSystem.open(path, .create)
            defer { file.close() }
            try file.allocate(to: FilePosition(UInt64(bytes.value)))
            try file.flush(.ballast)
            if !isNew { try fileSystem.flushDirectory(path.parent, .ballast) }
        } catch {
            // A part of it would hold room that somebody may need, and keep none. It has no content that a failed flush
            // could have lost.
            try? fileSystem.unlink(path)
            throw error
        }
    }

    /// Gives the room back.
    /// - Returns: whether there was any to give.
    func release() throws(FileError) -> Bool {
        guard try fileSystem.kind(of: path) == .file else { return false }
        try fileSystem.unlink(path)
        return true
    }
}

extension FileSystem {
    /// Does what a start must do, a second time without the ballast when the volume is full.
    func givingRoom<Value>(_ work: () throws(FileError) -> Value) throws(FileError) -> Value {
        do throws(FileError) {
            return try work()
        } catch {
            // A flush that failed has lost bytes, whatever its reason: it is never repeated.
            guard error.isNoSpace, !error.isOfFlush, !PlantedFault.ballastKept.isPlanted,
                let ballast = (self as? DescriptorKeeper)?.ballastInUse, try ballast.release()
            else { throw error }
            return try work()
        }
    }
}

extension FileError {
    /// Whether the volume, or the share of it that the process may use, is full.
    var isNoSpace: Bool { code == .noSpace || code == .diskQuotaExceeded }
    /// Whether it was an attempt to flush.
    var isOfFlush: Bool { operation == .flush || operation == .flushDirectory }
    /// Whether what it should have made durable may be lost: it is never repeated, and the process must exit.
    ///
    /// Of a directory's flush only the opening can run out of descriptors, so that nothing was flushed then.
    var isFailedFlush: Bool { isOfFlush && !isOutOfDescriptors }
    /// Whether it passes when something else gives room or descriptors back, and nothing was lost.
    var mayPass: Bool { isOutOfDescriptors || (isNoSpace && !isOfFlush) }
    /// Whether the process, or the system, has no descriptor left.
    var isOutOfDescriptors: Bool { code == .tooManyOpenFiles || code == .tooManyOpenFilesInSystem }
}
