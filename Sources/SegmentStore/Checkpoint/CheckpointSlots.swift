import NIOCore
import RecordFormat
import SystemPackage

/// The two files in which checkpoint records take turns, so that one is always whole.
struct CheckpointSlots: Sendable {
    let fileSystem: any FileSystem
    let paths: StorePaths
    let directoryID: [UInt8]

    /// Makes both slots, with the same content, when the directory is created.
    func create(_ first: CheckpointRecord) throws(FileError) {
        for generation in [first.generation, first.generation + 1] {
            var record = first
            record.generation = generation
            let path = paths.checkpoint(generation: generation)
            try fileSystem.write(record.encoded(directory: directoryID), asNew: path, .checkpointSlot)
        }
        if PlantedFault.ringRenameUnflushed.isPlanted { return }
        try fileSystem.flushDirectory(paths.directory, .checkpointNames)
    }

    /// The newest record that is whole.
    ///
    /// A slot that cannot be read, or that holds what belongs into the other one, is passed over, since a crash may have come
    /// while it was written: the other one then holds the record that was in force. An I/O error is not passed over, and
    /// neither is a slot of another directory.
    ///
    /// - Parameter isFlushed: whether the slots are flushed first: by a start, which will rest on them, and not by who only
    ///   looks.
    func newest(isFlushed: Bool = true) throws(StorageError) -> CheckpointRecord {
        var found: [CheckpointRecord] = []
        var reasons: [String] = []
        for generation in [UInt64(0), 1] {
            let path = paths.checkpoint(generation: generation)
            let content: ByteBuffer
            do throws(FileError) {
                content = isFlushed ? try readFlushed(path) : try fileSystem.readWhole(path)
            } catch {
                guard error.code == .noSuchFileOrDirectory else { throw .io(error) }
                reasons.append("\(path) is missing")
                continue
            }
            do throws(StorageError) {
                let record = try CheckpointRecord(decoding: content, directory: directoryID, path: path)
                if paths.checkpoint(generation: record.generation) == path {
                    found.append(record)
                } else {
                    reasons.append("\(path) holds generation \(record.generation), which belongs into the other slot")
                }
            } catch {
                guard case .corrupt = error else { throw error }
                reasons.append(error.description)
            }
        }
        found.sort { $0.generation > $1.generation }
        guard var newest = found.first else {
            throw .corrupt(
                path: paths.directory,
                position: .zero,
                reason: "neither checkpoint can be read (\(reasons.joined(separator: "; ")))"
            )
        }
        // A clean stop holds for its own generation only. When the other slot is not the one before, a newer record may
        // have stood there, and what followed the clean stop is in the journal: reading it is never wrong.
        let isOlder = found.count < 2 || found[1].generation + 1 != newest.generation
        if isOlder, !PlantedFault.cleanFlagOfOlderGeneration.isPlanted { newest.isClean = false }
        return newest
    }

    /// A slot's bytes, on stable storage: the other slot is going to be written over.
    private func readFlushed(_ path: FilePath) throws(FileError) -> ByteBuffer {
        let file = try fileSystem.open(path, .update)
        defer { file.close() }
        try file.flush(.foundSlot)
        return try file.readBuffer(at: .zero, bytes: Int(try file.size().value))
    }

    /// Writes a record over the older slot and flushes it; a slot that is missing is made again.
    func write(_ record: CheckpointRecord) throws(FileError) {
        let slot = PlantedFault.recordIntoNewestSlot.isPlanted ? 0 : record.generation
        let path = paths.checkpoint(generation: slot)
        let content = record.encoded(directory: directoryID)
        do throws(FileError) {
            let file = try fileSystem.open(path, .update)
            defer { file.close() }
            try keepRoom(for: content.readableBytes, in: file)
            try file.write(content, at: .zero)
            try file.flush(.checkpointSlot)
        } catch {
            guard error.operation == .open, error.code == .noSuchFileOrDirectory else { throw error }
            try fileSystem.write(content, asNew: path, .checkpointSlot)
            try fileSystem.flushDirectory(paths.directory, .checkpointNames)
        }
    }

    /// Takes room for twice the record when the slot must grow, so that the next ones find theirs on a full volume.
    private func keepRoom(for bytes: Int, in file: any StoreFile) throws(FileError) {
        guard try file.size() < FilePosition(UInt64(bytes)) else { return }
        do throws(FileError) {
            try file.allocate(to: FilePosition(UInt64((2 * bytes + 4095) / 4096 * 4096)))
        } catch {
            // The record alone may still fit.
            guard error.isNoSpace else { throw error }
        }
    }
}
