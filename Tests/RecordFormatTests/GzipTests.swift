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

    /// That little of a bomb is read before it is refused shows that no more of it was inflated than the bound allows.
    @Test func aBombIsRefusedBeforeItIsReadFar() throws {
        let bomb = try deflate(Array(repeating: 0, count: 64 << 20))
        #expect(bomb.count > 32 << 10 && bomb.count < 128 << 10)
        let error = #expect(throws: FormatError.self) { try inflate(bomb, bytesMax: .mebibytes(1)) }
        #expect(error?.kind == .tooLarge)
        #expect(error?.text.contains("1 MiB") == true)
        // Deflate packs at most 1,032 bytes into one; zlib fetches a few bytes ahead.
        #expect(try #require(error).position.value < (1 << 20) / 1000 + 64)
        #expect(try inflate(bomb, bytesMax: .mebibytes(64)).readableBytes == 64 << 20)
    }

    @Test func aBombOfManyStreamsIsRefusedAtTheBound() throws {
        let stream = try deflate(Array(repeating: 0, count: 64 << 10))
        let bomb = Array(repeatElement(stream, count: 500).joined())
        let error = #expect(throws: FormatError.self) { try inflate(bomb, bytesMax: .mebibytes(1)) }
        #expect(error?.kind == .tooLarge)
        // Sixteen streams fit the bound exactly; the seventeenth does not.
        #expect(try #require(error).position.value <= 17 * stream.count)
        #expect(try inflate(Array(bomb.prefix(16 * stream.count)), bytesMax: .mebibytes(1)).readableBytes == 1 << 20)
    }

    @Test func emptyStreamsAddNothing() throws {
        let empty = try deflate([])
        let many = Array(repeatElement(empty, count: 2000).joined())
        #expect(try inflate(many, bytesMax: .zero).readableBytes == 0)
        #expect(try inflate(many + Self.hello, bytesMax: ByteCount(5)).array == Array("hello".utf8))
        #expect(throws: FormatError.self) { try inflate(many + Self.hello, bytesMax: ByteCount(4)) }
    }

    /// What follows a bomb, or what is wrong behind its bound, is not reached.
    @Test func damageBehindTheBoundIsNotReached() throws {
        var bomb = try deflate(Array(repeating: 0, count: 4 << 20))
        for position in bomb.count / 2..<bomb.count { bomb[position] = 0xFF }
        let error = #expect(throws: FormatError.self) { try inflate(bomb + [1, 2, 3], bytesMax: .mebibytes(1)) }
        #expect(error?.kind == .tooLarge)
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

    private func deflate(_ bytes: [UInt8]) throws -> [UInt8] {
        try bytes.withUnsafeBytes { (bytes) throws in try Gzip.deflate(bytes) }.array
    }

    private func inflate(_ bytes: [UInt8], bytesMax: ByteCount = .mebibytes(1)) throws -> ByteBuffer {
        try bytes.withUnsafeBytes { try Gzip.inflate($0, bytesMax: bytesMax) }
    }
}
