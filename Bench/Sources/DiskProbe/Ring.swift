/// A file of fixed size, really written once, and written over ever since: the shape of the broker's journal.
struct Ring {
    private let file: File
    private let size: Int
    private var position = 0

    /// Writes the whole ring and flushes it.
    ///
    /// `fallocate` would not do: unwritten extents cost metadata at the first write.
    init(at path: String, bytes: Int, direct: Bool) throws {
        let source = RandomBytes()
        let step = 1 << 20
        let whole = try File(creating: path)
        for position in stride(from: 0, to: bytes, by: step) {
            try whole.write(source.next(step), at: position)
        }
        try whole.flush()
        file = try File(opening: path, direct: direct)
        size = bytes
    }

    /// Writes the next frame and flushes it; begins again at the start when the ring is full.
    mutating func write(_ frame: UnsafeRawBufferPointer) throws {
        if position + frame.count > size { position = 0 }
        try file.write(frame, at: position)
        try file.flushData()
        position += frame.count
    }
}
