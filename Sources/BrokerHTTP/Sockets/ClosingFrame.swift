import NIOCore
import NIOWebSocket

/// The frames that close a WebSocket (RFC 6455, 5.5.1 and 7.4).
enum ClosingFrame {
    /// A frame with a code of ours.
    static func closing(_ code: Int) -> WebSocketFrame {
        closing(WebSocketErrorCode(codeNumber: code))
    }

    /// The answer to a client's: its own code; 1002 for one that no frame may have, 1007 for a reason that is not text.
    static func answer(to frame: WebSocketFrame) -> WebSocketFrame {
        var data = frame.unmaskedData
        guard data.readableBytes > 0 else { return closing(nil) }
        guard let code = data.readInteger(as: UInt16.self), isSendable(code) else { return closing(1002) }
        guard String(validating: data.readableBytesView, as: UTF8.self) != nil else { return closing(1007) }
        return closing(Int(code))
    }

    /// Whether a frame may have this code: one that is defined, a library's, or an application's.
    ///
    /// 1004 is undefined; 1005, 1006 and 1015 stand for closes without a frame.
    private static func isSendable(_ code: UInt16) -> Bool {
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: true
        default: false
        }
    }

    private static func closing(_ code: WebSocketErrorCode?) -> WebSocketFrame {
        var data = ByteBuffer()
        if let code { data.write(webSocketErrorCode: code) }
        return WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    }
}
