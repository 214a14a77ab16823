import NIOCore
import RecordFormat

/// Why a partition is set aside, and since when.
///
/// It takes no appends; what is not damaged can be read. Checkpoints keep it over restarts.
///
/// ```
///  0  8  since, wall time in milliseconds
///  8  2+n reason
/// ```
public struct Quarantine: Hashable, Sendable {
    /// What is damaged, with its place.
    public let reason: String
    /// When it was found out.
    public let since: Timestamp

    /// A reason is cut at this length, so that a checkpoint's rows stay small.
    static let reasonBytesMax = 1024

    init(reason: String, since: Timestamp) {
        self.reason = String(decoding: reason.utf8.prefix(Self.reasonBytesMax), as: UTF8.self)
        self.since = since
    }

    func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(since.millisecondsSinceEpoch)
        buffer.writeShortString(reason)
    }

    init?(decoding buffer: inout ByteBuffer) {
        guard let since = buffer.readInteger(as: Int64.self), let reason = buffer.readShortString() else { return nil }
        self.init(reason: reason, since: Timestamp(millisecondsSinceEpoch: since))
    }
}
