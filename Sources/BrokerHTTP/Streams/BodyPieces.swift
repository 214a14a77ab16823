import NIOCore
import NIOHTTP1

/// Pieces as the body of an answer, put into the connection where the encoder of its head puts its bytes.
///
/// Nothing above there has a part in them: a piece is one write of bytes, and not a message that each handler looks at, from
/// which three buffers are made. The end of the body goes the whole way, through the encoder, which closes what it opened.
struct BodyPieces: PieceWriter {
    /// The encoder's, by which it writes.
    private let context: ChannelHandlerContext
    private let chunks: LastChunk?

    /// The body of the answer whose head was just written; nil where the connection has ended.
    init?(behindHeadOn channel: any Channel) {
        let pipeline = channel.pipeline.syncOperations
        guard let heads = try? pipeline.handler(type: ExchangeHeads.self),
            let context = try? pipeline.context(handlerType: HTTPResponseEncoder.self)
        else { return nil }
        self.context = context
        chunks = heads.isChunking ? StreamLoop.of(channel.eventLoop).chunks : nil
    }

    func write(_ piece: ByteBuffer, to channel: any Channel) -> EventLoopFuture<Void>? {
        // It would be the end.
        guard piece.readableBytes > 0 else { return nil }
        let taken = context.eventLoop.makePromise(of: Void.self)
        if let chunks {
            if let chunk = chunks.whole(of: piece) {
                context.writeAndFlush(Self.wrap(chunk), promise: taken)
            } else {
                context.write(Self.wrap(LastChunk.head(of: piece)), promise: nil)
                context.write(Self.wrap(piece), promise: nil)
                context.writeAndFlush(Self.wrap(LastChunk.end), promise: taken)
            }
        } else {
            context.writeAndFlush(Self.wrap(piece), promise: taken)
        }
        return taken.futureResult
    }

    private static func wrap(_ bytes: ByteBuffer) -> NIOAny { NIOAny(IOData.byteBuffer(bytes)) }
}
