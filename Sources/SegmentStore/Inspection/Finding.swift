import RecordFormat
import SystemPackage

/// Something that a check of a data directory found.
public struct Finding: Hashable, Sendable {
    /// How bad it is.
    public enum Severity: String, Hashable, Comparable, Sendable {
        /// Worth knowing; nothing is lost, and nothing need be done.
        case note
        /// A file that can be made again from others is damaged.
        case derived
        /// Acknowledged records are damaged or missing, or the broker would refuse to start.
        case damage

        /// Whether the left one is the lesser.
        public static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .note: 0
            case .derived: 1
            case .damage: 2
            }
        }
    }

    /// How bad it is.
    public let severity: Severity
    /// The file or directory.
    public let path: FilePath
    /// The bytes that are wrong; nil when it is the file as a whole.
    public let bytes: Range<UInt64>?
    /// What is wrong, in plain words.
    public let what: String
    /// The partition it belongs to, if one.
    public let partition: PartitionKey?
    /// The offsets of the records that are lost with these bytes; nil when none are, or nobody can tell.
    public let lost: Range<Offset>?
    /// What to do where a repair must leave the file as it is; nil where one may mend it.
    public let advice: String?

    init(
        _ severity: Severity,
        _ path: FilePath,
        bytes: Range<UInt64>? = nil,
        partition: PartitionKey? = nil,
        lost: Range<Offset>? = nil,
        advice: String? = nil,
        _ what: String
    ) {
        self.severity = severity
        self.path = path
        self.bytes = bytes
        self.what = what
        self.partition = partition
        self.lost = lost
        self.advice = advice
    }

    /// What a refused reading of a file is as a finding.
    init(_ severity: Severity, _ error: StorageError, path: FilePath, partition: PartitionKey? = nil) {
        guard case .corrupt(let path, let position, let reason) = error else {
            self.init(severity, path, partition: partition, advice: Self.advice(after: error), error.description)
            return
        }
        self.init(severity, path, bytes: position.value..<position.value + 1, partition: partition, reason)
    }

    /// Only a file that is damaged itself is mended: one that another version wrote is whole, and one that cannot be read for
    /// want of permission or descriptors may be.
    private static func advice(after error: StorageError) -> String? {
        switch error {
        case .newerFormat, .olderFormat: "it is whole: use the version that wrote it"
        case .foreign: "put this directory's file back"
        case .io(let failure) where failure.isPassing: "make it readable, and repair again"
        default: nil
        }
    }
}
