public import RecordFormat
public import SegmentStore
public import SystemPackage

/// One call on a simulated file system or on one of its files.
///
/// `close` and `release` are not calls: nothing can fail there.
public struct SimulatedCall: Hashable, Sendable, CustomStringConvertible {
    /// What was called; a table of crashes has a row for each.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        case open, create, list, stat, volume, lock
        case createDirectory, rename, unlink, removeDirectory, flushDirectory
        case size, read, directRead, write, directWrite, truncate, allocate, startWriteback, flush, dropCache
        case directAlignment

        /// Whether it can change what a power cut leaves; a crash before or after any other is the crash before it.
        public var changesImage: Bool {
            switch self {
            case .open, .list, .stat, .volume, .size, .read, .directAlignment: false
            default: true
            }
        }

        /// Whether it opens a file or a directory, as a rule.
        var opensSomething: Bool {
            switch self {
            case .open, .create, .list, .lock, .flushDirectory: true
            default: false
            }
        }

        /// What it is in a `FileError`.
        var operation: FileError.Operation {
            switch self {
            case .open, .create: .open
            case .list: .list
            case .stat, .volume, .directAlignment: .stat
            case .lock: .lock
            case .createDirectory: .createDirectory
            case .rename: .rename
            case .unlink: .unlink
            case .removeDirectory: .removeDirectory
            case .flushDirectory: .flushDirectory
            case .size: .size
            case .read, .directRead: .read
            case .write, .directWrite: .write
            case .truncate: .truncate
            case .allocate: .allocate
            case .startWriteback: .startWriteback
            case .flush: .flush
            case .dropCache: .dropCache
            }
        }
    }

    /// Its place among all calls of this file system, from 1 on.
    public internal(set) var number = 0
    /// What was called.
    public let kind: Kind
    /// On which path: of a rename the source, of a file the path that it was opened at.
    public let path: FilePath
    /// Why, if it was a flush.
    public let site: FlushSite?
    /// Where in the file.
    public let position: FilePosition?
    /// How many bytes.
    public let length: ByteCount?
    /// Whether it can fail because too many files are open.
    public let needsDescriptor: Bool

    init(
        _ kind: Kind,
        _ path: FilePath,
        site: FlushSite? = nil,
        position: FilePosition? = nil,
        length: ByteCount? = nil,
        needsDescriptor: Bool? = nil
    ) {
        self.needsDescriptor = needsDescriptor ?? kind.opensSomething
        self.kind = kind
        self.path = path
        self.site = site
        self.position = position
        self.length = length
    }

    /// Number, kind, path, and what else there is to say, in one line.
    public var description: String {
        var text = "\(number) \(kind.rawValue) \(path)"
        if let site { text += " for \(site.rawValue)" }
        if let length { text += ", \(length)" }
        if let position { text += " at \(position)" }
        return text
    }
}

/// What is to go wrong at a call.
public enum SimulatedFault: Hashable, Sendable {
    /// The power goes: the call does nothing, it and all later ones throw `SimulatedFileSystem.powerCut`.
    case powerCutBefore
    /// The power goes: the call does all that it does, but nobody hears of it.
    case powerCutAfter
    /// The call throws. A flush loses the pages for good, as Linux does; any other call has done nothing.
    case failure(Errno)
    /// A write stops after some bytes, and throws.
    case shortWrite(ByteCount, Errno)
    /// A write succeeds, but never reaches the device.
    case lostWrite
    /// A write succeeds, but lands that many bytes later in the file (earlier when negative).
    case misdirectedWrite(by: ByteCount)
}

/// What a simulated volume can do.
public struct SimulatedSettings: Hashable, Sendable {
    /// Its type, as `FileSystem.volume(of:)` tells it.
    public var type = "ext4"
    /// Whether it opens files in mode `.ring`.
    public var hasDirectIO = true
    /// What direct I/O must be aligned to; a multiple of 512.
    public var directAlignmentBytes = 4096
    /// How many bytes it holds; nil for as many as one likes.
    public var capacityBytes: UInt64?
    /// How many files may be open at a time.
    public var descriptorCountMax: Int?

    /// An ext4 without limits.
    public init() {}
}
