import NIOCore
import RecordFormat
import SystemPackage

/// Writes an index of a partition's keys into its file, page by page: all keys, then all distances.
public struct KeyIndexWriter {
    private let file: any StoreFile
    private let facts: KeyIndexFacts
    /// The checksum of the first page.
    private let seed: UInt32
    private var page = ByteBuffer()
    private var pageNumber: UInt32 = 0
    private var place: UInt64
    private var keyCount = 0
    private var distanceCount = 0

    init(_ file: any StoreFile, _ head: KeyIndexHead, directory: [UInt8]) throws(FileError) {
        self.file = file
        facts = head.facts
        let first = head.encoded(directory: directory)
        seed = KeyIndexFile.checksum(first, seed: 0)
        place = UInt64(first.readableBytes)
        try file.write(first, at: .zero)
    }

    /// Adds a key.
    public mutating func append(_ row: KeyIndexRow) throws(FileError) {
        beginPage()
        page.writeMultipleIntegers(
            row.hash.low,
            row.hash.high,
            row.latest.value,
            row.created.millisecondsSinceEpoch
        )
        keyCount += 1
        if keyCount % KeyIndexFile.keysPerPage == 0 || keyCount == facts.keyCount { try writePage() }
    }

    /// Adds how far back the version before the next record stands.
    public mutating func append(distance: UInt32) throws(FileError) {
        beginPage()
        page.writeInteger(distance)
        distanceCount += 1
        if distanceCount % KeyIndexFile.distancesPerPage == 0 || distanceCount == facts.distanceCount {
            try writePage()
        }
    }

    /// Whether everything that the facts announce was added.
    var isWhole: Bool { keyCount == facts.keyCount && distanceCount == facts.distanceCount }

    private mutating func beginPage() {
        guard page.readableBytes == 0 else { return }
        pageNumber += 1
        // The checksum comes last.
        page.writeMultipleIntegers(UInt32(0), pageNumber)
    }

    private mutating func writePage() throws(FileError) {
        let checksum = page.withUnsafeReadableBytes { bytes in
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[4...]), seed: seed)
        }
        page.setInteger(checksum, at: page.readerIndex)
        try file.write(page, at: FilePosition(place))
        place += UInt64(page.readableBytes)
        page.clear()
    }
}
