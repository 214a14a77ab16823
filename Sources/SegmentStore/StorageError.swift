import RecordFormat
import SystemPackage

/// What the store refuses or cannot do.
///
/// Each text says what, where, and what to do next.
public enum StorageError: Error, Sendable, CustomStringConvertible {
    /// A file operation failed before anything was changed.
    case io(FileError)
    /// A write or a flush failed after it began: bytes may or may not be stored. The process must exit and recover.
    case outcomeUnknown(FileError)
    /// Stored bytes are not what was written.
    case corrupt(path: FilePath, position: FilePosition, reason: String)
    /// Offsets that cannot be read, since the bytes that hold them are damaged; reading may go on behind them.
    case hole(Hole)
    /// A whole file that belongs to another data directory.
    case foreign(path: FilePath, owner: String)
    /// Another process holds the data directory.
    case locked(path: FilePath, holder: String?)
    /// The file was written by a newer version of Millrace.
    case newerFormat(path: FilePath, found: UInt32, supported: UInt32)
    /// The file was written by a version of before the first release.
    case olderFormat(path: FilePath, found: UInt32, supported: UInt32)
    /// The directory is something else's.
    case notADataDirectory(path: FilePath, reason: String)
    /// The configuration cannot be met.
    case invalidConfiguration(String)
    /// The offset lies outside `logStart ... visible`.
    case offsetOutOfRange(asked: Offset, logStart: Offset, visible: Offset)
    /// The partition's topic was deleted.
    case deleted
    /// An earlier failure stopped the store.
    case stopped

    /// Whether nothing was done for want of room on the volume.
    public var isNoSpace: Bool {
        if case .io(let error) = self { error.isNoSpace } else { false }
    }

    /// The text for people.
    public var description: String {
        switch self {
        case .io(let error):
            "cannot \(error)\(error.advice)"
        case .outcomeUnknown(let error):
            "\(error); what was being written may or may not be stored: restart to recover"
        case .corrupt(let path, let position, let reason):
            "\(path) is damaged at byte \(position.value): \(reason)"
        case .hole(let hole):
            "\(hole.path) is damaged at byte \(hole.position.value): \(hole.reason); offsets \(hole.from) to"
                + " \(hole.to.advanced(by: -1)) cannot be read, go on at \(hole.to)"
        case .foreign(let path, let owner):
            "\(path) belongs to \(owner): put the right file back"
        case .locked(let path, let holder):
            "\(path) is in use by another broker\(holder.map { " (process \($0))" } ?? ""): stop it, or choose another --data-dir"
        case .newerFormat(let path, let found, let supported):
            "\(path) has format \(found); this version reads up to \(supported): start it with the newer version"
        case .olderFormat(let path, let found, let supported):
            "\(path) has format \(found), which only builds before the first release wrote; this version reads \(supported):"
                + " start with an empty --data-dir"
        case .notADataDirectory(let path, let reason):
            "\(path) is not a Millrace data directory: \(reason)"
        case .invalidConfiguration(let text):
            text
        case .offsetOutOfRange(let asked, let logStart, let visible):
            "offset \(asked) is outside \(logStart) ... \(visible)"
        case .deleted:
            "the topic was deleted"
        case .stopped:
            "the store stopped after a failed write: restart to recover"
        }
    }
}
