import NIOCore

/// Zigzag variable-length integers, as Kafka's records use them (Protocol Buffers' sint32 and sint64).
///
/// Seven bits a byte, least significant first, the top bit set on all but the last. Longer encodings than necessary are
/// read, as Kafka reads them; bits beyond 32 or 64 are refused, where Kafka drops them.
public enum Varint {
    /// The longest encoding of 32 bits.
    public static let bytesMax32 = 5
    /// The longest encoding of 64 bits.
    public static let bytesMax64 = 10

    /// Maps small magnitudes of either sign to small numbers: 0, -1, 1, -2 become 0, 1, 2, 3.
    @inlinable
    public static func zigzag(_ value: Int64) -> UInt64 {
        UInt64(bitPattern: (value << 1) ^ (value >> 63))
    }

    /// The inverse of ``zigzag(_:)``.
    @inlinable
    public static func unzigzag(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    /// How many bytes the value takes, 1 to 10 (1 to 5 when it fits 32 bits).
    @inlinable
    public static func size(_ value: Int64) -> Int {
        // Significant bits, at least one, in groups of seven.
        (64 - (zigzag(value) | 1).leadingZeroBitCount + 6) / 7
    }

    /// Writes the value and returns how many bytes it took; there must be room for ``size(_:)``.
    ///
    /// Values of 32 bits need no function of their own: the encodings are the same.
    @inlinable
    @discardableResult
    public static func write(_ value: Int64, to destination: UnsafeMutableRawPointer) -> Int {
        var rest = zigzag(value)
        var count = 0
        while rest >= 0x80 {
            destination.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            rest >>= 7
            count += 1
        }
        destination.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        return count + 1
    }

    /// Appends the value to the buffer and returns how many bytes it took.
    @discardableResult
    public static func write(_ value: Int64, into buffer: inout ByteBuffer) -> Int {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytesMax64) { room in
            // The room of at least ten bytes was asked for in the line above, so the base is there.
            guard let base = room.baseAddress else { return 0 }
            return write(value, to: base)
        }
    }

    /// Reads 64 bits at the position and moves it past them; nil, position unmoved, when truncated or too long.
    @inlinable
    public static func read64(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Int64? {
        var cursor = position
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while cursor < bytes.count {
            let byte = bytes[cursor]
            cursor += 1
            // The tenth byte holds the last bit alone.
            if shift == 63, byte > 1 { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                position = cursor
                return unzigzag(result)
            }
            shift += 7
        }
        return nil
    }

    /// Reads 32 bits at the position and moves it past them; nil, position unmoved, when truncated or too long.
    @inlinable
    public static func read32(_ bytes: UnsafeRawBufferPointer, at position: inout Int) -> Int32? {
        var cursor = position
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while cursor < bytes.count {
            let byte = bytes[cursor]
            cursor += 1
            // The fifth byte holds the last four bits alone.
            if shift == 28, byte > 0x0F { return nil }
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                position = cursor
                return Int32(truncatingIfNeeded: unzigzag(result))
            }
            shift += 7
        }
        return nil
    }

    /// Reads 64 bits off the front of the buffer; nil, buffer untouched, when truncated or too long.
    public static func read64(from buffer: inout ByteBuffer) -> Int64? {
        var length = 0
        let value = buffer.withUnsafeReadableBytes { read64($0, at: &length) }
        buffer.moveReaderIndex(forwardBy: length)
        return value
    }

    /// Reads 32 bits off the front of the buffer; nil, buffer untouched, when truncated or too long.
    public static func read32(from buffer: inout ByteBuffer) -> Int32? {
        var length = 0
        let value = buffer.withUnsafeReadableBytes { read32($0, at: &length) }
        buffer.moveReaderIndex(forwardBy: length)
        return value
    }
}
