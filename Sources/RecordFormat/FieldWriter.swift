/// Writes the fields of a record one after another into room that is known to suffice.
struct FieldWriter {
    private let room: UnsafeMutableRawPointer
    private(set) var position = 0

    /// A writer at the beginning of the room, which must not be empty.
    init(_ room: UnsafeMutableRawBufferPointer) {
        guard let base = room.baseAddress else { preconditionFailure("no room for a record") }
        self.room = base
    }

    @inline(__always)
    mutating func byte(_ value: UInt8) {
        room.storeBytes(of: value, toByteOffset: position, as: UInt8.self)
        position += 1
    }

    @inline(__always)
    mutating func varint(_ value: Int64) {
        position += Varint.write(value, to: room + position)
    }

    @inline(__always)
    mutating func bytes(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        (room + position).copyMemory(from: base, byteCount: bytes.count)
        position += bytes.count
    }

    @inline(__always)
    mutating func nullable(_ field: UnsafeRawBufferPointer?) {
        guard let field else { return varint(-1) }
        varint(Int64(field.count))
        bytes(field)
    }
}
