import NIOCore

/// The receipts of lines that are sent for as long as they come.
///
/// They come as they are asked for, and wait at the broker meanwhile. Dropping the value ends the request: what was sent may
/// be stored or not.
public struct LineReceipts {
    /// How it ended; nil before that.
    public private(set) var end: LineStreamEnd?
    /// The last line that is known to be stored.
    public private(set) var storedLines = 0

    private var lines: LineStream

    init(_ lines: LineStream) {
        self.lines = lines
    }

    /// The next receipt; nil at the end, of which `end` tells more.
    /// - Throws: `refused` when the broker ended the stream for what is wrong, after which `end` is known too; `disconnected` when
    ///   it broke: what came after the last receipt may be stored or not.
    public mutating func next() async throws(MillraceError) -> LineReceipt? {
        guard end == nil else { return nil }
        var problem: Problem?
        while let bytes = try await lines.next() {
            let line = EventLine(bytes: bytes)
            switch try line.type() {
            case "receipt":
                let receipt = try line.decode(LineReceipt.self)
                storedLines = receipt.lines.upperBound
                return receipt
            case "error": problem = try line.problem()
            case "goodbye":
                let end = try line.decode(LineStreamEnd.self)
                self.end = end
                storedLines = end.lines
                if let problem { throw .refused(problem) }
                return nil
            default: continue
            }
        }
        throw .disconnected(reason: "the stream ended without a goodbye")
    }
}

extension MillraceClient {
    /// Sends lines for as long as they come, and is told of each group of them that is on stable storage.
    ///
    /// Bytes may be cut anywhere; the last line needs no line break. Nothing is sent twice, and so nothing is sent again: when the
    /// connection breaks, what came after the last receipt may be stored or not. A `LineProducer` stores each line once.
    public func streamLines<Bytes: AsyncSequence & Sendable>(
        _ topic: String,
        _ format: LineFormat,
        _ bytes: Bytes
    ) async throws(MillraceError) -> LineReceipts where Bytes.Element == ByteBuffer {
        let target = ServerAddress.target(
            ["v1", "topics", topic, "records"],
            query: [("stream", "true")] + format.query
        )
        return LineReceipts(try await stream(target, sending: bytes))
    }
}
