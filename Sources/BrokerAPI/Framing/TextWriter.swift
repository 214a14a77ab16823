/// Writes pieces of text one after another into room that is known to suffice.
struct TextWriter {
    /// The longest number: that of the smallest `Int64`.
    static let decimalBytesMax = 20

    /// How many bytes have been written.
    private(set) var position = 0
    private let room: UnsafeMutableRawPointer

    /// A writer at the beginning of the room, which must not be empty.
    init(_ room: UnsafeMutableRawBufferPointer) {
        guard let base = room.baseAddress else { preconditionFailure("no room for text") }
        self.room = base
    }

    /// Where the next piece goes.
    var place: UnsafeMutableRawPointer { room + position }

    /// Takes in what was written at `place`.
    mutating func advance(by count: Int) { position += count }

    /// Writes bytes.
    @inline(__always)
    mutating func write(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        place.copyMemory(from: base, byteCount: bytes.count)
        position += bytes.count
    }

    /// Writes a text of this program.
    @inline(__always)
    mutating func write(_ text: StaticString) {
        place.copyMemory(from: text.utf8Start, byteCount: text.utf8CodeUnitCount)
        position += text.utf8CodeUnitCount
    }

    /// Writes a number of up to ``decimalBytesMax`` digits and sign.
    mutating func write(decimal value: Int64) {
        var left = value.magnitude
        var count = value < 0 ? 2 : 1
        while left >= 10 {
            left /= 10
            count += 1
        }
        left = value.magnitude
        var at = count
        repeat {
            at -= 1
            place.storeBytes(
                of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: left % 10),
                toByteOffset: at,
                as: UInt8.self
            )
            left /= 10
        } while left > 0
        if value < 0 { place.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
        position += count
    }
}
