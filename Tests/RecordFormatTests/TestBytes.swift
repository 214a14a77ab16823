import NIOCore
import RecordFormat

/// A generator with a seed that a failing test can print: SplitMix64 (Steele, Lea, Flood, 2014).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// That many random bytes.
    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }
}

extension ByteBuffer {
    /// All readable bytes.
    var array: [UInt8] { Array(readableBytesView) }
}

/// Writes the length and the checksum that fit the bytes, so that damage elsewhere gets past verification.
func resealed(_ batch: [UInt8]) -> ByteBuffer {
    var batch = batch
    batch.withUnsafeMutableBytes { bytes in
        let length = Int32(bytes.count - BatchHeader.prefixSize)
        bytes.storeBytes(of: length.bigEndian, toByteOffset: BatchHeader.batchLengthAt, as: Int32.self)
        let rest = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[BatchHeader.checksummedFrom...])
        let checksum = CRC32C.checksum(rest)
        bytes.storeBytes(of: checksum.bigEndian, toByteOffset: BatchHeader.checksumAt, as: UInt32.self)
    }
    return ByteBuffer(bytes: batch)
}

/// The kind of the format error that the work throws, nil when it throws none.
func formatErrorKind(_ work: () throws(FormatError) -> Void) -> FormatError.Kind? {
    do {
        try work()
        return nil
    } catch {
        return error.kind
    }
}
