import FoundationEssentials

/// The two forms in which the `log` commands print.
enum LogOutput {
    /// One JSON object on a line.
    static func write(json value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try StandardOutput.write(line: String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// A checksum as people write it.
    static func hex(_ checksum: UInt32) -> String {
        let digits = String(checksum, radix: 16)
        return String(repeating: "0", count: 8 - digits.count) + digits
    }
}
