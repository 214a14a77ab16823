import NIOCore
import RecordFormat

/// The versions file of a compacted segment: for each of its records, the offset of the version before.
///
/// Pages of 4096 bytes, so that one record's entry is found without reading the file. The first holds the envelope of our
/// own small files; each further one a checksum that begins with the first page's, so that pages of two files cannot be
/// mixed.
///
/// ```
/// first page, in the envelope        further pages
///  0 16  topic id                     0  4  CRC-32C of bytes 4 ..< 4096, begun with that of the first page
/// 16  4  partition                    4  4  number of the page
/// 20  4  4096, the size of a page     8  4  number of entries, at most 340
/// 24  8  base offset                 12  4  0
/// 32  8  end offset                  16  .. entries, then zeros
/// 40  8  generation
///                                    entry: 0 4 offset relative to the base
///                                           4 8 offset of the version before; -1 none, -2 unknown
/// ```
enum VersionsFile {
    static let pageBytes = 4096
    static let headBytes = 16
    static let entryBytes = 12
    static let entriesMax = (pageBytes - headBytes) / entryBytes

    /// The first page.
    static func head(of id: SegmentID, end: Offset, in log: PartitionLog) -> ByteBuffer {
        var body = ByteBuffer()
        body.writeTopicID(log.key.topic)
        body.writeMultipleIntegers(log.key.partition.value, UInt32(pageBytes))
        body.writeMultipleIntegers(id.base.value, end.value, id.generation)
        var page = SealedFile.encode(.versions, directory: log.owner, body: body)
        page.writeRepeatingByte(0, count: pageBytes - page.readableBytes)
        return page
    }

    static func checksum(_ bytes: ByteBuffer, seed: UInt32) -> UInt32 {
        bytes.withUnsafeReadableBytes { CRC32C.checksum($0, seed: seed) }
    }

    static func code(_ previous: PreviousVersion) -> Int64 {
        switch previous {
        case .none: -1
        case .unknown: -2
        case .removed(let offset): offset.value
        }
    }

    static func previous(_ code: Int64) -> PreviousVersion {
        switch code {
        case 0...: .removed(Offset(code))
        case -1: .none
        default: .unknown
        }
    }
}

/// Writes a versions file, page by page.
struct VersionsWriter {
    private let file: any StoreFile
    private let base: Offset
    private let seed: UInt32
    private var page = ByteBuffer()
    private var pageCount: UInt32 = 0
    private var entryCount: UInt32 = 0
    /// That of the whole file so far.
    private(set) var checksum: UInt32

    init(creating id: SegmentID, end: Offset, in log: PartitionLog) throws(FileError) {
        let path = id.directory(in: log.directory).appending(SegmentName.versions(id.base))
        file = try log.fileSystem.openToStay(path, .create)
        base = id.base
        let head = VersionsFile.head(of: id, end: end, in: log)
        seed = VersionsFile.checksum(head, seed: 0)
        checksum = seed
        do throws(FileError) {
            try file.write(head, at: .zero)
        } catch {
            file.close()
            throw error
        }
    }

    mutating func append(_ entry: VersionEntry) throws(FileError) {
        page.writeMultipleIntegers(UInt32(entry.offset - base), VersionsFile.code(entry.previous))
        entryCount += 1
        if entryCount == VersionsFile.entriesMax { try writePage() }
    }

    private mutating func writePage() throws(FileError) {
        guard entryCount > 0 else { return }
        pageCount += 1
        var content = ByteBuffer()
        content.reserveCapacity(VersionsFile.pageBytes)
        content.writeMultipleIntegers(pageCount, entryCount, UInt32(0))
        content.writeImmutableBuffer(page)
        content.writeRepeatingByte(0, count: VersionsFile.pageBytes - 4 - content.readableBytes)
        var whole = ByteBuffer()
        whole.writeInteger(VersionsFile.checksum(content, seed: seed))
        whole.writeImmutableBuffer(content)
        try file.write(whole, at: FilePosition(UInt64(pageCount) * UInt64(VersionsFile.pageBytes)))
        checksum = VersionsFile.checksum(whole, seed: checksum)
        page.clear()
        entryCount = 0
    }

    /// Writes the last page and flushes the file.
    mutating func finish() throws(FileError) {
        try writePage()
        try file.flush(.compactedVersions)
        file.close()
    }

    func close() {
        file.close()
    }
}
