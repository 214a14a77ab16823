import CChecksum

/// CRC-32C (Castagnoli, RFC 3720), the checksum of batches, frames and files.
public enum CRC32C {
    /// The checksum of the bytes; `seed` is the checksum of what came before them, 0 at the beginning.
    ///
    /// `checksum(b, seed: checksum(a))` is the checksum of a and b joined.
    public static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        millrace_crc32c(seed, bytes.baseAddress, bytes.count)
    }

    /// The same by table, whatever the processor can do: what the hardware is compared with.
    public static func checksumByTable(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        millrace_crc32c_table(seed, bytes.baseAddress, bytes.count)
    }

    /// Whether ``checksum(_:seed:)`` uses the processor's own instruction.
    public static var isHardware: Bool { millrace_crc32c_is_hardware() != 0 }
}
