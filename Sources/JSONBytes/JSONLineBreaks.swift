import NIOCore

/// Puts a JSON document on one line, in place and without changing its length.
public enum JSONLineBreaks {
    /// Turns every CR and LF of a valid document into a space.
    ///
    /// A valid document has raw CR and LF between tokens alone: within strings the validator refuses them. So no token
    /// need be looked for, and what the document says does not change.
    public static func replaceBetweenTokens(in bytes: UnsafeMutableRawBufferPointer) {
        // A plain loop over independent bytes: the compiler turns it into vector instructions.
        for at in 0..<bytes.count {
            let byte = bytes[at]
            bytes[at] = byte == ASCII.lineFeed || byte == ASCII.carriageReturn ? ASCII.space : byte
        }
    }

    /// Turns every CR and LF of a valid document into a space; copies the buffer's storage first if it is shared.
    public static func replaceBetweenTokens(in buffer: inout ByteBuffer) {
        buffer.withUnsafeMutableReadableBytes { replaceBetweenTokens(in: $0) }
    }
}
