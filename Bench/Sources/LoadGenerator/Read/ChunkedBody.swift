import BenchSupport

/// Takes the chunks of an answer's body apart as they come, without copying what is in them.
struct ChunkedBody {
    private enum Place {
        /// In the line with a chunk's size, of which so much is known.
        case size(Int)
        case data(left: Int)
        /// In the line break behind a chunk's data.
        case lineBreak(left: Int)
        case end
    }

    private var place = Place.size(0)

    /// Whether the last chunk has come.
    var isOver: Bool {
        if case .end = place { return true }
        return false
    }

    /// Calls `body` with each piece of the body in these bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        var rest = bytes
        while !rest.isEmpty {
            switch place {
            case .size(let size):
                place = try Self.next(rest[0], size)
                rest = UnsafeRawBufferPointer(rebasing: rest[1...])
            case .data(let left):
                let count = min(left, rest.count)
                try body(UnsafeRawBufferPointer(rebasing: rest[..<count]))
                place = count < left ? .data(left: left - count) : .lineBreak(left: 2)
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            case .lineBreak(let left):
                place = left > 1 ? .lineBreak(left: left - 1) : .size(0)
                rest = UnsafeRawBufferPointer(rebasing: rest[1...])
            case .end: return
            }
        }
    }

    /// A byte of the line with the size.
    private static func next(_ byte: UInt8, _ size: Int) throws -> Place {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return .size(size << 4 | Int(byte - UInt8(ascii: "0")))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return .size(size << 4 | Int(byte - UInt8(ascii: "a") + 10))
        case UInt8(ascii: "A")...UInt8(ascii: "F"): return .size(size << 4 | Int(byte - UInt8(ascii: "A") + 10))
        case UInt8(ascii: "\r"): return .size(size)
        case UInt8(ascii: "\n"): return size == 0 ? .end : .data(left: size)
        default: throw HTTPConnection.Broken(description: "not a chunk's size: \(byte)")
        }
    }
}
