import NIOCore

/// Base64 with the standard alphabet and padding (RFC 4648 section 4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding: UInt8 = 0x3D
    private static let none: UInt8 = 0xFF

    /// The value of each byte as a digit, `none` where it is not one.
    private static let digits: [UInt8] = {
        var digits = [UInt8](repeating: none, count: 256)
        for (value, byte) in alphabet.enumerated() { digits[Int(byte)] = UInt8(value) }
        return digits
    }()

    /// Appends `bytes` in base64; the outcome needs no escaping in a JSON string.
    public static func encode(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        let length = (bytes.count + 2) / 3 * 4
        alphabet.withUnsafeBufferPointer { alphabet in
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { out in
                var from = 0
                var to = 0
                while from < bytes.count {
                    let left = bytes.count - from
                    let second = left > 1 ? bytes[from + 1] : 0
                    let third = left > 2 ? bytes[from + 2] : 0
                    let group = Int(bytes[from]) << 16 | Int(second) << 8 | Int(third)
                    out[to] = alphabet[group >> 18]
                    out[to + 1] = alphabet[group >> 12 & 63]
                    out[to + 2] = left > 1 ? alphabet[group >> 6 & 63] : padding
                    out[to + 3] = left > 2 ? alphabet[group & 63] : padding
                    from += 3
                    to += 4
                }
                return length
            }
        }
    }

    /// Appends the bytes that `text` stands for.
    ///
    /// Strict, so that a damaged value is never stored as something else: the length is a multiple of four, padding is
    /// where it belongs, unused bits are zero, and neither line breaks nor the URL alphabet pass. A text that comes
    /// from a JSON string must be decoded first, since `/` may be escaped. Nothing is appended when it throws.
    public static func decode(_ text: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) throws(JSONError) {
        guard text.count % 4 == 0 else {
            throw JSONError(byteOffset: text.count, reason: "base64 comes in groups of four, padded with '='")
        }
        guard !text.isEmpty else { return }
        let padded = text[text.count - 1] != padding ? 0 : text[text.count - 2] != padding ? 1 : 2
        let length = text.count / 4 * 3 - padded
        var fault: JSONError?
        digits.withUnsafeBufferPointer { digits in
            // Room for whole groups: the last one is written whole and cut by the count that is answered.
            _ = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length + padded) { out in
                fault = decode(text, padded: padded, digits, out)
                return fault == nil ? length : 0
            }
        }
        if let fault { throw fault }
    }

    private static func decode(
        _ text: UnsafeRawBufferPointer,
        padded: Int,
        _ digits: UnsafeBufferPointer<UInt8>,
        _ out: UnsafeMutableRawBufferPointer
    ) -> JSONError? {
        var to = 0
        for from in stride(from: 0, to: text.count, by: 4) {
            var group = 0
            for index in from..<(from + 4) {
                // Padding counts as zero bits at the very end; elsewhere '=' is no digit.
                let digit = index >= text.count - padded ? 0 : digits[Int(text[index])]
                guard digit != none else { return .expected("a base64 character", in: text, at: index) }
                group = group << 6 | Int(digit)
            }
            out[to] = UInt8(truncatingIfNeeded: group >> 16)
            out[to + 1] = UInt8(truncatingIfNeeded: group >> 8)
            out[to + 2] = UInt8(truncatingIfNeeded: group)
            to += 3
        }
        for unused in (to - padded)..<to where out[unused] != 0 {
            let last = text.count - padded - 1
            return JSONError(byteOffset: last, reason: "unused bits of base64's last character are set")
        }
        return nil
    }
}
