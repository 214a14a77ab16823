import NIOCore
import RecordFormat
import SystemPackage

/// The envelope of every small file of our own: what it is, which directory it belongs to, and a checksum over it all.
///
/// ```
///  0  8  magic          one for each kind of file
///  8  4  version        of the body's layout
/// 12  4  body length
/// 16 16  directory id   a file of another data directory is refused
/// 32  4  CRC-32C        of bytes 0 ..< 32 and the body
/// 36  .. body           what follows it is ignored
/// ```
enum SealedFile {
    /// The kinds of file, by magic.
    enum Kind: String, Sendable {
        case meta = "MLRMETA\n"
        case topic = "MLRTOPC\n"
        case manifest = "MLRMANI\n"
        case checkpoint = "MLRCKPT\n"
        case ring = "MLRRING\n"
        case producers = "MLRPROD\n"
        case snapshot = "MLRSNAP\n"
        case versions = "MLRVERS\n"
        case keys = "MLRKEYS\n"
        case salvage = "MLRSALV\n"

        /// The layout version of every body of the kind that is written now.
        var version: UInt32 {
            switch self {
            case .manifest, .keys: 4
            case .meta, .topic, .checkpoint, .ring, .producers, .snapshot, .versions, .salvage: 3
            }
        }
    }

    static let headerBytes = 36

    /// The file's bytes for a body.
    static func encode(_ kind: Kind, directory: [UInt8], body: ByteBuffer) -> ByteBuffer {
        precondition(directory.count == 16, "a directory id has 16 bytes, not \(directory.count)")
        var file = ByteBuffer()
        file.reserveCapacity(headerBytes + body.readableBytes)
        file.writeString(kind.rawValue)
        file.writeInteger(kind.version)
        file.writeInteger(UInt32(body.readableBytes))
        file.writeBytes(directory)
        file.writeInteger(checksum(head: file, body: body))
        file.writeImmutableBuffer(body)
        return file
    }

    /// The body of a file, after every check.
    /// - Parameter directory: the id that the file must carry; nil takes any (for the file that tells it).
    /// - Throws: `corrupt` with the place, `foreign`, `newerFormat` or `olderFormat`.
    static func decode(
        _ kind: Kind,
        _ file: ByteBuffer,
        directory: [UInt8]?,
        path: FilePath
    ) throws(StorageError) -> (body: ByteBuffer, directory: [UInt8]) {
        var reader = file
        func damaged(_ position: Int, _ reason: String) -> StorageError {
            .corrupt(path: path, position: FilePosition(UInt64(position)), reason: reason)
        }
        guard let magic = reader.readString(length: 8), magic == kind.rawValue else {
            throw damaged(0, "it does not begin as such a file does")
        }
        guard let version = reader.readInteger(as: UInt32.self), let length = reader.readInteger(as: UInt32.self),
            let owner = reader.readBytes(length: 16), let stored = reader.readInteger(as: UInt32.self)
        else { throw damaged(8, "the file ends within its header") }
        guard version <= kind.version else {
            throw .newerFormat(path: path, found: version, supported: kind.version)
        }
        guard version == kind.version else {
            throw .olderFormat(path: path, found: version, supported: kind.version)
        }
        guard let body = reader.readSlice(length: Int(length)) else {
            throw damaged(12, "\(length) bytes of body are announced and \(reader.readableBytes) are there")
        }
        guard checksum(head: file.getSlice(at: file.readerIndex, length: 32) ?? ByteBuffer(), body: body) == stored
        else {
            throw damaged(32, "the checksum does not match")
        }
        if let directory, directory != owner {
            throw .foreign(path: path, owner: "another data directory")
        }
        return (body, owner)
    }

    private static func checksum(head: ByteBuffer, body: ByteBuffer) -> UInt32 {
        let first = head.withUnsafeReadableBytes { CRC32C.checksum($0) }
        return body.withUnsafeReadableBytes { CRC32C.checksum($0, seed: first) }
    }
}

extension FileSystem {
    /// A small file's whole content.
    func readWhole(_ path: FilePath) throws(FileError) -> ByteBuffer {
        let file = try open(path, .read)
        defer { file.close() }
        return try file.readBuffer(at: .zero, bytes: Int(try file.size().value))
    }

    /// Replaces a small file so that a crash leaves the old or the new one: written beside it, flushed, renamed, flushed.
    func replace(
        _ path: FilePath,
        with content: ByteBuffer,
        fileSite: FlushSite,
        nameSite: FlushSite
    ) throws(FileError) {
        let beside = FilePath(path.string + ".new")
        try write(content, asNew: beside, fileSite)
        let directory = try openDirectory(path.parent)
        defer { directory.close() }
        try rename(beside, to: path)
        try directory.flush(nameSite)
    }

    /// Writes a new file and flushes its content, not its name.
    func write(_ content: ByteBuffer, asNew path: FilePath, _ site: FlushSite) throws(FileError) {
        let file = try open(path, .create)
        defer { file.close() }
        try file.write(content, at: .zero)
        try file.flush(site)
    }
}

extension StoreFile {
    /// Writes a buffer's readable bytes.
    func write(_ buffer: ByteBuffer, at position: FilePosition) throws(FileError) {
        var failure: FileError?
        buffer.withUnsafeReadableBytes { bytes in
            do throws(FileError) {
                try write([bytes], at: position)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

extension FilePath {
    /// The directory that holds the path's last name; of a bare name, the working directory.
    var parent: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}
