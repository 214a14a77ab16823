import NIOCore
import NIOWebSocket

/// Puts the pieces of a stream into its connection, in the connection's form.
protocol PieceWriter: SendableMetatype {
    /// Writes and flushes a piece, on the connection's event loop.
    ///
    /// - Returns: kept when the socket has taken all of it; nil where there was nothing to write yet.
    mutating func write(_ piece: ByteBuffer, to channel: any Channel) -> EventLoopFuture<Void>?
}

/// Pieces as frames, one for each line that is whole.
struct SocketPieces: PieceWriter, Sendable {
    /// The lines that are not whole yet.
    var lines = SocketLines()

    mutating func write(_ piece: ByteBuffer, to channel: any Channel) -> EventLoopFuture<Void>? {
        let frames = lines.frames(of: piece)
        guard let last = frames.last else { return nil }
        for frame in frames.dropLast() { channel.write(frame, promise: nil) }
        return channel.writeAndFlush(last)
    }
}
