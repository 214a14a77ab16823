import NIOCore
import RecordFormat
import SystemPackage

/// The journal's file: one ring of blocks, really written once and then recycled.
///
/// Never extended, cut or punched.
///
/// Writes go around the page cache where the file system allows it, so that what is flushed is what was written, and
/// recovery reads what the device holds.
struct JournalRing: Sendable {
    let file: any StoreFile
    let geometry: RingGeometry
    /// Whether reads and writes go around the page cache.
    let isDirect: Bool

    /// Opens the ring of a directory and checks that it is the directory's own.
    static func open(
        _ path: FilePath,
        fileSystem: any FileSystem,
        directory: [UInt8]
    ) throws(StorageError) -> JournalRing {
        let (head, size) = try StorageError.wrap { () throws(FileError) in
            let file = try fileSystem.open(path, .read)
            defer { file.close() }
            let headBytes = SealedFile.headerBytes + RingGeometry.blockMin
            return (try file.readBuffer(at: .zero, bytes: headBytes), try file.size())
        }
        let geometry = try RingGeometry(decoding: head, directory: directory, path: path)
        // Before the probe is written, which would make a ring that was cut as long as it should be.
        guard size >= FilePosition(UInt64(geometry.fileBytes)) else {
            throw .corrupt(path: path, position: size, reason: "the ring is shorter than it says")
        }
        let (file, isDirect) = try StorageError.wrap { () throws(FileError) in
            try openFile(path, fileSystem: fileSystem, block: geometry.block, probePlace: geometry.probePlace)
        }
        return JournalRing(file: file, geometry: geometry, isDirect: isDirect)
    }

    /// Direct where reading a block and writing one work, through the page cache elsewhere.
    ///
    /// The write goes to the block behind the ring, which exists for this.
    private static func openFile(
        _ path: FilePath,
        fileSystem: any FileSystem,
        block: Int,
        probePlace: Int
    ) throws(FileError) -> (any StoreFile, Bool) {
        let probe = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: block)
        defer { probe.deallocate() }
        do throws(FileError) {
            let direct = try fileSystem.open(path, .ring)
            do throws(FileError) {
                _ = try direct.read(into: probe, at: .zero)
                probe.initializeMemory(as: UInt8.self, repeating: pattern)
                try direct.write([UnsafeRawBufferPointer(probe)], at: FilePosition(UInt64(probePlace)))
                return (direct, true)
            } catch {
                direct.close()
                throw error
            }
        } catch {
            guard error.code == .invalidArgument else { throw error }
            return (try fileSystem.open(path, .update), false)
        }
    }

    /// What a new ring is filled with: not zeros, which a file system may keep as a hole.
    private static let pattern: UInt8 = 0xA5

    /// Makes a ring: written whole, with a pattern, flushed, and only then given its name; the name is flushed with
    /// those of the checkpoint slots.
    /// - Parameter sizes: makes the ring's facts, given the alignment that direct I/O needs there and the volume.
    static func create(
        _ path: FilePath,
        fileSystem: any FileSystem,
        directory: [UInt8],
        sizes: (ByteCount?, Volume) throws(StorageError) -> RingGeometry
    ) throws(StorageError) {
        let beside = FilePath(path.string + ".new")
        let (file, alignment, volume) = try StorageError.wrap { () throws(FileError) in
            let file = try fileSystem.open(beside, .create)
            return (file, try fileSystem.directAlignment(of: beside), try fileSystem.volume(of: beside))
        }
        defer { file.close() }
        let geometry = try sizes(alignment, volume)
        try StorageError.wrap { () throws(FileError) in
            try fill(file, geometry, directory)
            try fileSystem.rename(beside, to: path)
        }
    }

    private static func fill(
        _ file: any StoreFile,
        _ geometry: RingGeometry,
        _ directory: [UInt8]
    ) throws(FileError) {
        var head = geometry.encoded(directory: directory)
        head.writeRepeatingByte(0, count: geometry.block - head.readableBytes)
        try file.write(head, at: .zero)
        let step = 1 << 20
        let content = ByteBuffer(repeating: pattern, count: min(step, geometry.fileBytes))
        for start in stride(from: geometry.block, to: geometry.fileBytes, by: step) {
            let piece = content.getSlice(at: 0, length: min(step, geometry.fileBytes - start)) ?? content
            try file.write(piece, at: FilePosition(UInt64(start)))
        }
        try file.flush(.journalCreated)
    }

    /// Writes a frame at its place, in two parts where the ring ends, and returns when it is on stable storage.
    func append(_ frame: UnsafeRawBufferPointer, at lsn: LSN, _ site: FlushSite) throws(FileError) {
        try write(frame, at: lsn)
        if PlantedFault.answerBeforeFlush.isPlanted { return }
        do throws(FileError) {
            try file.flush(site)
        } catch {
            guard PlantedFault.retryAfterEIO.isPlanted else { throw error }
            try file.flush(site)
        }
    }

    /// Writes a frame that is not durable yet.
    func write(_ frame: UnsafeRawBufferPointer, at lsn: LSN) throws(FileError) {
        let room = geometry.room(at: lsn)
        let first = UnsafeRawBufferPointer(rebasing: frame[..<min(room, frame.count)])
        try file.write([first], at: FilePosition(UInt64(geometry.place(of: lsn))))
        if frame.count > room, !PlantedFault.wrapSecondHalfUnwritten.isPlanted {
            let rest = UnsafeRawBufferPointer(rebasing: frame[room...])
            try file.write([rest], at: FilePosition(UInt64(geometry.block)))
        }
    }
}

extension StorageError {
    /// Runs file operations that change nothing which could not be repeated.
    static func wrap<Value>(_ body: () throws(FileError) -> Value) throws(StorageError) -> Value {
        do throws(FileError) {
            return try body()
        } catch {
            throw .io(error)
        }
    }
}

extension StoreFile {
    /// Reads into a new buffer, fewer bytes where the file ends.
    func readBuffer(at position: FilePosition, bytes: Int) throws(FileError) -> ByteBuffer {
        var content = ByteBuffer()
        var failure: FileError?
        content.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes) { space in
            do throws(FileError) {
                return try read(into: UnsafeMutableRawBufferPointer(rebasing: space[..<bytes]), at: position)
            } catch {
                failure = error
                return 0
            }
        }
        if let failure { throw failure }
        return content
    }
}
