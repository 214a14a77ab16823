import Synchronization

/// 4,096 bytes that never change: a write makes a new block, so that images share all that they have in common.
final class SimulatedBlock: Sendable {
    /// Bytes in a block.
    static let size = 4096
    /// Bytes in a sector, the unit that a device writes wholly or not at all.
    static let sectorSize = 512
    /// The block of a hole.
    static let zero = SimulatedBlock([UInt8](repeating: 0, count: size))

    /// Always `size` bytes.
    let bytes: [UInt8]
    /// 0 until it is asked for.
    private let knownDigest = Atomic<UInt64>(0)

    init(_ bytes: [UInt8]) {
        precondition(bytes.count == Self.size, "a block has \(Self.size) bytes, not \(bytes.count)")
        self.bytes = bytes
    }

    /// This block with some bytes replaced, from `start` on.
    func replacing(from start: Int, with new: ArraySlice<UInt8>) -> SimulatedBlock {
        if new.count == Self.size { return SimulatedBlock([UInt8](new)) }
        var bytes = bytes
        bytes.replaceSubrange(start..<start + new.count, with: new)
        return SimulatedBlock(bytes)
    }

    /// The first `count` bytes of this block, then zeros.
    func cut(to count: Int) -> SimulatedBlock {
        if count >= Self.size { return self }
        return SimulatedBlock(Array(bytes[..<count]) + [UInt8](repeating: 0, count: Self.size - count))
    }

    /// A stable hash of the bytes, computed once.
    var digest: UInt64 {
        let known = knownDigest.load(ordering: .relaxed)
        if known != 0 { return known }
        var digest = SimulatedDigest()
        bytes.withUnsafeBytes { digest.add($0) }
        knownDigest.store(digest.value, ordering: .relaxed)
        return digest.value
    }
}

/// The content of a file: an array of blocks, zeros behind its end.
struct SimulatedBlocks: Sendable {
    private var blocks: [SimulatedBlock] = []

    /// Blocks that take room.
    var count: Int { blocks.count }

    subscript(index: Int) -> SimulatedBlock {
        get { index < blocks.count ? blocks[index] : .zero }
        set {
            while blocks.count < index { blocks.append(.zero) }
            if index < blocks.count { blocks[index] = newValue } else { blocks.append(newValue) }
        }
    }

    /// Forgets everything from `size` on; what comes there later begins as zeros.
    mutating func cut(to size: UInt64) {
        let (whole, rest) = Int(size).quotientAndRemainder(dividingBy: SimulatedBlock.size)
        if whole >= blocks.count { return }
        let last = rest == 0 ? nil : blocks[whole].cut(to: rest)
        blocks.removeLast(blocks.count - whole)
        if let last { blocks.append(last) }
    }

    /// Puts bytes at a position.
    /// - Returns: the blocks that were touched.
    @discardableResult
    mutating func write(_ bytes: [UInt8], at position: UInt64) -> Range<Int> {
        guard !bytes.isEmpty else { return 0..<0 }
        let first = Int(position) / SimulatedBlock.size
        var index = first
        var start = Int(position) % SimulatedBlock.size
        var taken = 0
        while taken < bytes.count {
            let count = min(SimulatedBlock.size - start, bytes.count - taken)
            self[index] = self[index].replacing(from: start, with: bytes[taken..<taken + count])
            taken += count
            start = 0
            index += 1
        }
        return first..<index
    }

    /// Fills the buffer from a position on.
    func read(into buffer: UnsafeMutableRawBufferPointer, at position: UInt64) {
        var index = Int(position) / SimulatedBlock.size
        var start = Int(position) % SimulatedBlock.size
        var filled = 0
        while filled < buffer.count {
            let count = min(SimulatedBlock.size - start, buffer.count - filled)
            self[index].bytes.withUnsafeBytes { bytes in
                let target = UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
                target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
            }
            filled += count
            start = 0
            index += 1
        }
    }

    /// The first `size` bytes.
    func bytes(size: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(size))
        bytes.withUnsafeMutableBytes { read(into: $0, at: 0) }
        return bytes
    }
}

/// A hash that is the same in every process, unlike `Hasher`; not meant against malice.
struct SimulatedDigest {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ word: UInt64) {
        value = (value ^ word) &* 0x9fb2_1c65_1e98_df25
        value ^= value >> 29
    }

    /// Adds whole words; what is left over at the end is padded with zeros.
    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position + 8 <= bytes.count {
            add(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)))
            position += 8
        }
        var last: UInt64 = 0
        for byte in bytes[position...] { last = last << 8 | UInt64(byte) }
        if position < bytes.count { add(last) }
    }

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(UInt64(byte)) }
        add(UInt64(text.utf8.count))
    }
}
