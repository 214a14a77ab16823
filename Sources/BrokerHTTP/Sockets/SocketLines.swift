import NIOCore
import NIOWebSocket

/// Cuts the lines of a stream into frames: each JSON object becomes a text frame, and a blank line a ping.
///
/// A piece may end within a line, whose beginning is kept until the rest comes.
struct SocketLines {
    private var rest = ByteBuffer()

    /// The frames of the lines that a piece completes.
    mutating func frames(of piece: ByteBuffer) -> [WebSocketFrame] {
        var lines = rest
        if lines.readableBytes == 0 { lines = piece } else { lines.writeImmutableBuffer(piece) }
        var frames: [WebSocketFrame] = []
        while let length = lines.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map({ $0 - lines.readerIndex }),
            let line = lines.readSlice(length: length)
        {
            lines.moveReaderIndex(forwardBy: 1)
            frames.append(Self.frame(line))
        }
        rest = lines
        return frames
    }

    /// The frame of one line without its end.
    static func frame(_ line: ByteBuffer) -> WebSocketFrame {
        WebSocketFrame(fin: true, opcode: line.readableBytes == 0 ? .ping : .text, data: line)
    }
}
