/// How the records of a batch are compressed, by Kafka's numbers.
public enum Codec: UInt8, Hashable, Sendable, CustomStringConvertible {
    /// Not compressed.
    case none = 0
    /// RFC 1952, through zlib.
    case gzip = 1
    /// Known by name only; its batches are refused when records are read.
    case snappy = 2
    /// Known by name only; its batches are refused when records are read.
    case lz4 = 3
    /// Known by name only; its batches are refused when records are read.
    case zstd = 4

    /// The name that Kafka's configuration uses.
    public var description: String {
        switch self {
        case .none: "none"
        case .gzip: "gzip"
        case .snappy: "snappy"
        case .lz4: "lz4"
        case .zstd: "zstd"
        }
    }
}
