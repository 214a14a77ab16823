import Foundation
import RecordFormat
import Testing

@Suite struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
    static let vectors: [([UInt8], UInt32)] = [
        (Array(repeating: 0x00, count: 32), 0x8A91_36AA),
        (Array(repeating: 0xFF, count: 32), 0x62A8_AB43),
        (Array(0...31), 0x46DD_794E),
        (Array((0...31).reversed()), 0x113F_DB5C),
        (Array("123456789".utf8), 0xE306_9283),
        ([], 0),
    ]

    @Test(arguments: vectors) func knownVectors(bytes: [UInt8], checksum: UInt32) {
        #expect(bytes.withUnsafeBytes { CRC32C.checksum($0) } == checksum)
        #expect(bytes.withUnsafeBytes { CRC32C.checksumByTable($0) } == checksum)
    }

    #if arch(x86_64)
        @Test func theInstructionIsUsedWhereTheProcessorHasIt() throws {
            let processor = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
            #expect(CRC32C.isHardware == processor.contains("sse4_2"))
        }
    #endif

    /// Lengths around each step of the hardware path: 8 bytes, 3 x 256, 3 x 4096; every alignment.
    @Test func bothPathsAgreeOnRandomBytes() {
        let seed: UInt64 = 0x6372_6333_3263
        var generator = SeededGenerator(seed: seed)
        let bytes = generator.bytes(64 * 1024)
        var lengths = Array(0...40) + [760, 767, 768, 769, 775, 776, 1535, 1536, 1537, 12_287, 12_288, 12_289, 40_000]
        lengths += (0..<200).map { _ in Int.random(in: 0...60_000, using: &generator) }
        for (index, length) in lengths.enumerated() {
            let start = index % 17
            let seedOfChecksum = UInt32(truncatingIfNeeded: generator.next())
            let agree = bytes.withUnsafeBytes { all in
                let part = UnsafeRawBufferPointer(rebasing: all[start..<start + length])
                return CRC32C.checksum(part, seed: seedOfChecksum)
                    == CRC32C.checksumByTable(part, seed: seedOfChecksum)
            }
            #expect(agree, "\(length) bytes from \(start), seed \(seed)")
        }
    }

    @Test func aChecksumGoesOnFromTheOneBefore() {
        var generator = SeededGenerator(seed: 7)
        let bytes = generator.bytes(20_000)
        bytes.withUnsafeBytes { all in
            let whole = CRC32C.checksum(all)
            for cut in [0, 1, 7, 8, 767, 768, 12_288, 19_999, 20_000] {
                let first = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[..<cut]))
                #expect(CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[cut...]), seed: first) == whole)
            }
        }
    }
}
