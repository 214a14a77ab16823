import NIOCore

/// Makes chunks (RFC 9112, 7.1) of pieces, and keeps the last small one of its event loop.
///
/// Watchers at one tail are sent the same bytes one after the other: the chunk is made for the first of them, and all others
/// send the very same memory.
///
/// On one event loop alone.
final class LastChunk {
    /// A piece up to this is copied into one buffer with its frame, which one call then sends; a larger one is sent beside it.
    private static let copiedBytesMax = 8 << 10

    /// What stands behind a piece in its chunk.
    static let end = ByteBuffer(string: "\r\n")

    private var last = (piece: ByteBuffer(), chunk: ByteBuffer())

    /// The chunk of a small piece that is not empty, in one buffer; nil for one that is sent beside its frame.
    func whole(of piece: ByteBuffer) -> ByteBuffer? {
        guard piece.readableBytes <= Self.copiedBytesMax else { return nil }
        if piece != last.piece { last = (piece, Self.whole(piece)) }
        return last.chunk
    }

    /// What stands before a piece in its chunk.
    static func head(of piece: ByteBuffer) -> ByteBuffer { ByteBuffer(string: head(piece.readableBytes)) }

    private static func whole(_ piece: ByteBuffer) -> ByteBuffer {
        let head = head(piece.readableBytes)
        var chunk = ByteBufferAllocator().buffer(capacity: head.utf8.count + piece.readableBytes + 2)
        chunk.writeString(head)
        chunk.writeImmutableBuffer(piece)
        chunk.writeStaticString("\r\n")
        return chunk
    }

    private static func head(_ byteCount: Int) -> String { String(byteCount, radix: 16) + "\r\n" }
}
