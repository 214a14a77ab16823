import SegmentStore

/// Why a broker did not start, in one sentence for the operator.
public struct BrokerStartError: Error, Sendable, CustomStringConvertible {
    /// The kinds, for exit codes and tests.
    public enum Kind: Hashable, Sendable {
        /// Another broker holds the data directory.
        case locked
        /// The data directory was written by a newer version.
        case newerFormat
        /// The data directory was written by an older version, whose form is not read any more.
        case olderFormat
        /// The data directory is something else's, or cannot be written.
        case notUsable
        /// The configuration cannot be met.
        case configuration
        /// Stored bytes are damaged.
        case corrupt
        /// The storage failed.
        case storage
    }

    /// What kind it is.
    public let kind: Kind
    /// What went wrong, where, and what to do next.
    public let description: String

    init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }

    /// The start's view of what storage said.
    init(_ error: StorageError) {
        let kind: Kind =
            switch error {
            case .locked: .locked
            case .newerFormat: .newerFormat
            case .olderFormat: .olderFormat
            case .notADataDirectory, .io: .notUsable
            case .invalidConfiguration: .configuration
            case .corrupt, .foreign: .corrupt
            default: .storage
            }
        self.init(kind, error.description)
    }
}
