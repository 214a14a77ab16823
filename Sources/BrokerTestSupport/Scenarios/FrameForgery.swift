import RecordFormat
import SegmentStore
import SystemPackage

/// A journal's bytes, to be changed from outside: by what a device, a bug or a client may put there.
struct FrameForgery {
    static let headerBytes = 64
    private static let block = 4096
    private let path: FilePath
    private var bytes: [UInt8]

    init(_ fileSystem: SimulatedFileSystem, _ path: FilePath) throws {
        self.path = path
        bytes = try fileSystem.contents(of: path)
    }

    /// The ring's id, behind the envelope of 36 bytes.
    var ringID: [UInt8] { Array(bytes[36..<52]) }

    private var ringBytes: Int { bytes.count - Self.block }

    /// The place and LSN of the last frame of this ring.
    private var last: (place: Int, lsn: UInt64)? {
        let id = ringID
        var found: (place: Int, lsn: UInt64)?
        for place in stride(from: Self.block, to: bytes.count, by: Self.block) {
            guard bytes[place..<place + 4].elementsEqual("MLRF".utf8), bytes[place + 8..<place + 24].elementsEqual(id)
            else { continue }
            let lsn = number(at: place + 24, bytes: 8)
            if lsn >= found?.lsn ?? 0 { found = (place, lsn) }
        }
        return found
    }

    /// Where the last frame begins in the file.
    var lastPlace: Int? { last?.place }

    /// The LSN behind the last frame.
    var end: UInt64 {
        guard let last else { return 0 }
        let total = Self.headerBytes + Int(number(at: last.place + 32, bytes: 4))
        return last.lsn + UInt64((total + Self.block - 1) / Self.block * Self.block)
    }

    private func number(at place: Int, bytes count: Int) -> UInt64 {
        bytes[place..<place + count].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Puts a header where it belongs by its LSN.
    mutating func put(_ header: [UInt8], at lsn: UInt64) {
        let place = Self.block + Int(lsn % UInt64(ringBytes))
        bytes.replaceSubrange(place..<place + header.count, with: header)
    }

    /// Changes the body of the last frame, and makes its checksums right again.
    mutating func changeLastFrame(_ change: (inout [UInt8]) -> Void) {
        guard let last else { return }
        let count = Int(number(at: last.place + 32, bytes: 4))
        let range = last.place + Self.headerBytes..<last.place + Self.headerBytes + count
        var body = Array(bytes[range])
        change(&body)
        bytes.replaceSubrange(range, with: body)
        let entryCount = UInt32(number(at: last.place + 36, bytes: 4))
        let header = Self.header(
            ring: ringID,
            lsn: last.lsn,
            bodyBytes: UInt32(count),
            entryCount: entryCount,
            checksum: body.withUnsafeBytes { CRC32C.checksum($0) }
        )
        bytes.replaceSubrange(last.place..<last.place + header.count, with: header)
    }

    func write(to fileSystem: SimulatedFileSystem) throws {
        try fileSystem.replaceContents(of: path, with: bytes)
    }

    /// A frame's header as docs/on-disk-format.md draws it.
    static func header(
        ring: [UInt8],
        lsn: UInt64,
        bodyBytes: UInt32,
        entryCount: UInt32 = 1,
        checksum: UInt32 = 0
    ) -> [UInt8] {
        var header = Array("MLRF".utf8) + [0, 1, 0, 0] + ring
        header += bigEndian(lsn, 8) + bigEndian(UInt64(bodyBytes), 4) + bigEndian(UInt64(entryCount), 4)
        header += bigEndian(UInt64(checksum), 4) + [0, 0, 0, 0]
        header += bigEndian(UInt64(header.withUnsafeBytes { CRC32C.checksum($0) }), 4)
        return header + [UInt8](repeating: 0, count: headerBytes - header.count)
    }

    private static func bigEndian(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64($0 * 8)) }
    }
}
