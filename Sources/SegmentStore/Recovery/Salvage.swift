import NIOCore
import RecordFormat
import SystemPackage

/// What the journal held above the checkpoint for a partition that cannot take it: saved beside the log, for `log repair`.
///
/// Written at recovery, before the record that lets the journal forget it. As long as it lies in the partition's directory
/// the partition stays quarantined, since its offsets are given out. Named `salvage.` and the LSN from which the journal was
/// read, in twenty digits.
///
/// ```
///  0 16  topic id
/// 16  4  partition
/// 20  4  0
/// 24  8  LSN              the checkpoint's: the entries are of the frames behind it
/// 32  8  segment base     where the log stood at the checkpoint: the active segment,
/// 40  8  position         its size,
/// 48  8  end              and the next offset
/// 56  2+n reason          why the partition was set aside
///     4  number of entries, then for each, in the order of the journal:
///        0  1  kind       1 batch, 4 prefix deletion, 6 tail block, as in a frame
///        1  3  0
///        4  4  length
///        8  8  base offset of the segment
///       16  8  position in the segment
///       24  8  offset
///       32  .. bytes
/// ```
/// A prefix deletion is there only if it reaches behind the end; it has no place and no bytes, and its offset is the first
/// that stays.
public struct Salvage: Hashable, Sendable {
    /// The partition.
    public let key: PartitionKey
    /// Where the reading of the journal began.
    public let lsn: UInt64
    /// The base of the active segment at the checkpoint.
    public let segmentBase: Offset
    /// Its size then.
    public let position: FilePosition
    /// The next offset then.
    public let end: Offset
    /// Why the partition was set aside.
    public let reason: String
    /// The saved entries.
    public internal(set) var entries: [Entry] = []

    /// What an entry is; the values are those of a frame.
    public enum Kind: UInt8, Hashable, Sendable {
        /// A batch, which stands at the position.
        case batch = 1
        /// Everything before the offset was deleted.
        case prefixDeletion = 4
        /// The flushed bytes of a block, which end at the position.
        case tailBlock = 6
    }

    /// An entry, and where its bytes belong.
    public struct Entry: Hashable, Sendable {
        /// What it is.
        public let kind: Kind
        /// The segment, by its base.
        public let segmentBase: Offset
        /// The place in it.
        public let position: FilePosition
        /// The first record's offset; of a tail block the next one, of a deletion the first that stays.
        public let offset: Offset
        /// The bytes as they were to be written.
        public let bytes: ByteBuffer
    }

    /// The batches among the entries.
    public var batches: [Entry] { entries.filter { $0.kind == .batch } }

    /// The end of what was deleted as far as it lies behind the log's end at the checkpoint; 0 when nothing was.
    var deletedBelow: Offset {
        entries.filter { $0.kind == .prefixDeletion }.map(\.offset).max() ?? .zero
    }

    static let prefix = "salvage."

    /// Whether a file of a partition's directory is one of these.
    static func isName(_ name: String) -> Bool { name.hasPrefix(prefix) && !name.hasSuffix(".new") }

    var fileName: String {
        let digits = String(lsn)
        return Self.prefix + String(repeating: "0", count: max(0, 20 - digits.utf8.count)) + digits
    }

    init(
        key: PartitionKey,
        lsn: LSN,
        segmentBase: Offset,
        position: FilePosition,
        end: Offset,
        reason: String
    ) {
        self.key = key
        self.lsn = lsn.value
        self.segmentBase = segmentBase
        self.position = position
        self.end = end
        self.reason = reason
    }

    /// Adds an entry of a frame unless the log holds it: what lies below the checkpoint was flushed.
    mutating func add(_ entry: FrameEntry, body: UnsafeRawBufferPointer) {
        switch entry {
        case .batch(let bytes): add(bytes, as: .batch, body)
        case .tailBlock(let bytes): add(bytes, as: .tailBlock, body)
        case .prefixDeletion(let deletion): add(deletion)
        case .topicDeletion, .producerRegistration: break
        }
    }

    private mutating func add(_ entry: FrameEntry.SegmentBytes, as kind: Kind, _ body: UnsafeRawBufferPointer) {
        guard entry.offset >= end else { return }
        entries.append(
            Entry(
                kind: kind,
                segmentBase: entry.segmentBase,
                position: entry.position,
                offset: entry.offset,
                bytes: ByteBuffer(bytes: body[entry.bytes])
            )
        )
    }

    /// One up to the end is kept by the partition's row.
    private mutating func add(_ deletion: PrefixDeletion) {
        guard deletion.before > end else { return }
        entries.append(
            Entry(
                kind: .prefixDeletion,
                segmentBase: .zero,
                position: .zero,
                offset: deletion.before,
                bytes: ByteBuffer()
            )
        )
    }

    /// Makes the partition's directory, if it is gone, and the file in it durable.
    func write(to directory: FilePath, owner: [UInt8], fileSystem: any FileSystem) throws(FileError) {
        if try fileSystem.kind(of: directory) == nil {
            try fileSystem.createDirectory(directory)
            try fileSystem.flushDirectory(directory.parent, .salvageName)
        }
        try fileSystem.replace(
            directory.appending(fileName),
            with: encoded(directory: owner),
            fileSite: .salvage,
            nameSite: .salvageName
        )
    }

    func encoded(directory: [UInt8]) -> ByteBuffer {
        var body = ByteBuffer()
        body.writePartitionKey(key)
        body.writeMultipleIntegers(lsn, segmentBase.value, position.value, end.value)
        body.writeShortString(reason)
        body.writeInteger(UInt32(entries.count))
        for entry in entries {
            body.writeMultipleIntegers(entry.kind.rawValue, UInt8(0), UInt16(0), UInt32(entry.bytes.readableBytes))
            body.writeMultipleIntegers(entry.segmentBase.value, entry.position.value, entry.offset.value)
            body.writeImmutableBuffer(entry.bytes)
        }
        return SealedFile.encode(.salvage, directory: directory, body: body)
    }

    /// Reads a salvage file.
    /// - Throws: `corrupt` with the place, also when it is another partition's; `foreign` when another directory's.
    init(decoding file: ByteBuffer, directory: [UInt8], key: PartitionKey, path: FilePath) throws(StorageError) {
        var body = try SealedFile.decode(.salvage, file, directory: directory, path: path).body
        func damaged(_ reason: String) -> StorageError { .corrupt(path: path, position: .zero, reason: reason) }
        guard let owner = body.readPartitionKey(),
            let (lsn, base, position, end) = body.readMultipleIntegers(as: (UInt64, Int64, UInt64, Int64).self),
            let reason = body.readShortString(), let count = body.readInteger(as: UInt32.self)
        else { throw damaged("the body is too short") }
        guard owner == key else { throw damaged("it is that of partition \(owner)") }
        self.init(
            key: key,
            lsn: LSN(lsn),
            segmentBase: Offset(base),
            position: FilePosition(position),
            end: Offset(end),
            reason: reason
        )
        for _ in 0..<count {
            guard let entry = Entry(decoding: &body) else {
                throw damaged("entry \(entries.count) of \(count) is damaged")
            }
            entries.append(entry)
        }
    }
}

extension Salvage.Entry {
    init?(decoding body: inout ByteBuffer) {
        guard let (kind, _, _, length) = body.readMultipleIntegers(as: (UInt8, UInt8, UInt16, UInt32).self),
            let kind = Salvage.Kind(rawValue: kind),
            let (base, position, offset) = body.readMultipleIntegers(as: (Int64, UInt64, Int64).self),
            let bytes = body.readSlice(length: Int(length))
        else { return nil }
        self.init(
            kind: kind,
            segmentBase: Offset(base),
            position: FilePosition(position),
            offset: Offset(offset),
            bytes: bytes
        )
    }
}

extension PartitionLog {
    /// What recoveries have saved beside the log, oldest first.
    ///
    /// Blocks.
    public func salvage() throws(StorageError) -> [Salvage] {
        guard try StorageError.wrap({ () throws(FileError) in try fileSystem.kind(of: directory) }) != nil else {
            return []
        }
        let names = try StorageError.wrap { () throws(FileError) in try fileSystem.list(directory) }
        var found: [Salvage] = []
        for name in names where Salvage.isName(name) {
            let path = directory.appending(name)
            let content = try StorageError.wrap { () throws(FileError) in try fileSystem.readWhole(path) }
            found.append(try Salvage(decoding: content, directory: owner, key: key, path: path))
        }
        return found
    }
}
