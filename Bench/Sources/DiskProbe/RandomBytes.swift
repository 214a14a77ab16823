/// Bytes that neither compress nor repeat: a pool filled once, with a counter stamped into every block handed out.
///
/// Not for two threads at once: each thread has its own.
final class RandomBytes {
    private static let block = 4096
    private let pool: UnsafeMutableRawBufferPointer
    private var cursor = 0
    private var stamp = UInt64.random(in: .min ... .max)

    init(poolBytes: Int = 4 << 20) {
        pool = .allocate(byteCount: poolBytes, alignment: Self.block)
        var generator = SystemRandomNumberGenerator()
        for offset in stride(from: 0, to: poolBytes, by: 8) {
            pool.storeBytes(of: generator.next(), toByteOffset: offset, as: UInt64.self)
        }
    }

    deinit {
        pool.deallocate()
    }

    /// The next bytes, aligned for O_DIRECT; they are valid until the pool comes round again.
    func next(_ count: Int) -> UnsafeRawBufferPointer {
        if cursor + count > pool.count { cursor = 0 }
        let range = cursor..<(cursor + count)
        for offset in stride(from: range.lowerBound, to: range.upperBound, by: Self.block) {
            stamp &+= 0x9E37_79B9_7F4A_7C15
            pool.storeBytes(of: stamp, toByteOffset: offset, as: UInt64.self)
        }
        cursor = (range.upperBound + Self.block - 1) / Self.block * Self.block
        return UnsafeRawBufferPointer(rebasing: pool[range])
    }
}
