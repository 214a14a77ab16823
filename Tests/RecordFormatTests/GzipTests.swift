import NIOCore
import RecordFormat
import Testing

@Suite struct GzipTests {
    /// `printf hello | gzip -n`, with the operating system byte of Unix.
    static let hello: [UInt8] = [
        0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0, 0x86, 0xA6, 0x10, 0x36, 5, 0,
        0, 0,
    ]

    @Test func readsWhatGzipWrote() throws {
        #expect(try inflate(Self.hello).array == Array("hello".utf8))
    }

    @Test func writesTheGzipWrapper() throws {
        let deflated = try Array("hello".utf8).withUnsafeBytes { (bytes) throws in try Gzip.deflate(bytes) }
        #expect(Array(deflated.array.prefix(3)) == [0x1F, 0x8B, 0x08])
        #expect(try inflate(deflated.array).array == Array("hello".utf8))
    }

    @Test func bytesOfAnySizeSurvive() throws {
        var generator = SeededGenerator(seed: 0x677A)
        for count in [0, 1, 100, 4095, 4096, 4097, 70_000, 300_000] {
            for bytes in [generator.bytes(count), Array(repeating: 7, count: count)] {
                let deflated = try bytes.withUnsafeBytes { (bytes) throws in try Gzip.deflate(bytes) }
                #expect(try inflate(deflated.array, bytesMax: ByteCount(count)).array == bytes)
            }
        }
    }

    @Test func joinedStreamsAreOne() throws {
        #expect(try inflate(Self.hello + Self.hello).array == Array("hellohello".utf8))
    }

    @Test func theBoundIsExactAndNamed() throws {
        #expect(try inflate(Self.hello, bytesMax: ByteCount(5)).readableBytes == 5)
        let error = #expect(throws: FormatError.self) { try inflate(Self.hello, bytesMax: ByteCount(4)) }
        #expect(error?.kind == .tooLarge)
        #expect(error?.text.contains("4 bytes") == true)
        let joined = #expect(throws: FormatError.self) { try inflate(Self.hello + Self.hello, bytesMax: ByteCount(9)) }
        #expect(joined?.kind == .tooLarge)
    }

    @Test func everyTruncationAndFlipIsRefusedOrHarmless() throws {
        for count in 0..<Self.hello.count {
            let error = #expect(throws: FormatError.self) { try inflate(Array(Self.hello[..<count])) }
            #expect(error?.kind == .truncated)
        }
        for position in Self.hello.indices {
            for bit in 0..<8 {
                var damaged = Self.hello
                damaged[position] ^= 1 << bit
                // Time, extra flags and operating system of the wrapper mean nothing; all else is under a check.
                if let inflated = try? inflate(damaged) { #expect(inflated.array == Array("hello".utf8)) }
            }
        }
    }

    @Test func whatFollowsAStreamIsRefused() {
        for tail in [[0], [0x1F], Array("garbage".utf8)] as [[UInt8]] {
            #expect(throws: FormatError.self) { try inflate(Self.hello + tail) }
        }
    }

    private func inflate(_ bytes: [UInt8], bytesMax: ByteCount = .mebibytes(1)) throws -> ByteBuffer {
        try bytes.withUnsafeBytes { try Gzip.inflate($0, bytesMax: bytesMax) }
    }
}
