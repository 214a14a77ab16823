import RecordFormat

/// The head of a frame: 64 bytes, the entries follow in the same block.
///
/// ```
///  0  4  magic "MLRF"
///  4  2  format 1
///  6  2  0
///  8 16  ring id
/// 24  8  LSN             the frame is valid only at this place
/// 32  4  body length     bytes of entries, without the padding
/// 36  4  entry count
/// 40  4  CRC-32C of the body
/// 44  4  0
/// 48  4  CRC-32C of bytes 0 ..< 48
/// 52 12  0
/// ```
/// Payload belongs to clients: bytes of a record can look like a header, but they cannot know the ring's id.
struct FrameHeader: Hashable, Sendable {
    let lsn: LSN
    let bodyBytes: Int
    let entryCount: Int
    let bodyChecksum: UInt32

    static let bytes = 64
    private static let magic: UInt32 = 0x4D4C_5246
    private static let format: UInt16 = 1

    /// What stands where a frame could begin.
    enum Reading: Hashable {
        /// A header of this ring, whole.
        case valid(FrameHeader)
        /// Not a header of this ring.
        case none
        /// A whole header of this ring in a format that this version does not know.
        case unknownFormat(UInt16)
    }

    func write(to target: UnsafeMutableRawBufferPointer, ring: RingGeometry) {
        target[0..<Self.bytes].initializeMemory(as: UInt8.self, repeating: 0)
        target.store(Self.magic, at: 0)
        target.store(Self.format, at: 4)
        for (index, byte) in ring.id.enumerated() { target[8 + index] = byte }
        target.store(lsn.value, at: 24)
        target.store(UInt32(bodyBytes), at: 32)
        target.store(UInt32(entryCount), at: 36)
        target.store(bodyChecksum, at: 40)
        target.store(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: target[0..<48])), at: 48)
    }

    /// Judges the first bytes of a block.
    ///
    /// The place is the caller's to compare: `lsn` says where the frame belongs.
    static func read(_ block: UnsafeRawBufferPointer, ring: RingGeometry) -> Reading {
        guard block.count >= bytes, block.fetch(0, as: UInt32.self) == magic,
            block[8..<24].elementsEqual(ring.id) || PlantedFault.ringIdUnchecked.isPlanted,
            block.fetch(48, as: UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: block[0..<48]))
        else { return .none }
        let format = block.fetch(4, as: UInt16.self)
        guard format == Self.format else { return .unknownFormat(format) }
        let length = Int(block.fetch(32, as: UInt32.self))
        guard length + bytes <= ring.frameBytesMax || PlantedFault.lengthUnbounded.isPlanted else { return .none }
        return .valid(
            FrameHeader(
                lsn: LSN(block.fetch(24, as: UInt64.self)),
                bodyBytes: length,
                entryCount: Int(block.fetch(36, as: UInt32.self)),
                bodyChecksum: block.fetch(40, as: UInt32.self)
            )
        )
    }
}

extension UnsafeMutableRawBufferPointer {
    func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at offset: Int) {
        storeBytes(of: value.bigEndian, toByteOffset: offset, as: Value.self)
    }
}

extension UnsafeRawBufferPointer {
    func fetch<Value: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: Value.Type) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
