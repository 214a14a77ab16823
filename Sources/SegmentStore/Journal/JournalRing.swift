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
        let head = try StorageError.wrap { () throws(FileError) in
            try fileSystem.readHead(path, bytes: SealedFile.headerBytes + RingGeometry.blockMin)
        }
        let geometry = try RingGeometry(decoding: head, directory: directory, path: path)
        let (file, isDirect) = try StorageError.wrap { () throws(FileError) in
            try openFile(path, fileSystem: fileSystem, block: geometry.block)
        }
        let ring = JournalRing(file: file, geometry: geometry, isDirect: isDirect)
        let size = try StorageError.wrap { () throws(FileError) in try file.size() }
        guard size >= FilePosition(UInt64(geometry.block + geometry.ringBytes)) else {
            throw .corrupt(path: path, position: size, reason: "the ring is shorter than it says")
        }
        return ring
    }

    /// Direct where a read of the first block works, through the page cache elsewhere.
    private static func openFile(
        _ path: FilePath,
        fileSystem: any FileSystem,
        block: Int
    ) throws(FileError) -> (any StoreFile, Bool) {
        let probe = UnsafeMutableRawBufferPointer.allocate(byteCount: block, alignment: block)
        defer { probe.deallocate() }
        do throws(FileError) {
            let direct = try fileSystem.open(path, .ring)
            do throws(FileError) {
                _ = try direct.read(into: probe, at: .zero)
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

    /// Makes a ring: written whole, with a pattern, flushed, and only then given its name; the name is flushed with
    /// those of the checkpoint slots.
    static func create(
        _ path: FilePath,
        fileSystem: any FileSystem,
        geometry: RingGeometry,
        directory: [UInt8]
    ) throws(FileError) {
        let beside = FilePath(path.string + ".new")
        let file = try fileSystem.open(beside, .create)
        defer { file.close() }
        var head = geometry.encoded(directory: directory)
        head.writeRepeatingByte(0, count: geometry.block - head.readableBytes)
        try file.write(head, at: .zero)
        let step = min(geometry.ringBytes, 1 << 20)
        let pattern = ByteBuffer(repeating: 0xA5, count: step)
        for start in stride(from: 0, to: geometry.ringBytes, by: step) {
            let piece = pattern.getSlice(at: 0, length: min(step, geometry.ringBytes - start)) ?? pattern
            try file.write(piece, at: FilePosition(UInt64(geometry.block + start)))
        }
        try file.flush(.journalCreated)
        try fileSystem.rename(beside, to: path)
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

extension FileSystem {
    /// The first bytes of a file, fewer where it ends.
    func readHead(_ path: FilePath, bytes: Int) throws(FileError) -> ByteBuffer {
        let file = try open(path, .read)
        defer { file.close() }
        return try file.readBuffer(at: .zero, bytes: bytes)
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
