import NIOCore

/// Finds the text of an object's members without decoding them.
///
/// The object must be valid JSON, as everything that the broker sends is; of other bytes it finds something or nothing,
/// within their bounds.
struct JSONMembers {
    private let object: ByteBuffer
    private let bytes: ByteBufferView

    init(_ object: ByteBuffer) {
        self.object = object
        self.bytes = object.readableBytesView
    }

    /// The text of the value of the first member of that name; names with escapes are not looked for.
    func text(of name: String) -> String? {
        value(of: name).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    /// The elements of an array, the value of the first member of that name; none when there is no such array.
    func elements(of name: String) -> [ByteBuffer] {
        guard let array = value(of: name), bytes[array.lowerBound] == UInt8(ascii: "[") else { return [] }
        var elements: [ByteBuffer] = []
        var place = array.lowerBound + 1
        while let start = firstToken(from: place), start < array.upperBound, bytes[start] != UInt8(ascii: "]") {
            let end = endOfValue(start)
            if let element = object.getSlice(at: start, length: end - start) { elements.append(element) }
            guard let comma = firstToken(from: end), bytes[comma] == UInt8(ascii: ",") else { break }
            place = comma + 1
        }
        return elements
    }

    /// Where the value of the first member of that name stands.
    private func value(of name: String) -> Range<Int>? {
        var place = bytes.startIndex
        var depth = 0
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                let end = endOfString(place)
                if depth == 1, let value = valueStart(after: end), bytes[place + 1..<end - 1].elementsEqual(name.utf8) {
                    return value..<endOfValue(value)
                }
                place = end
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            place += 1
        }
        return nil
    }

    /// One past the closing quote of the string that opens at `start`, or the end of the bytes.
    private func endOfString(_ start: Int) -> Int {
        var place = start + 1
        while place < bytes.endIndex, bytes[place] != UInt8(ascii: "\"") {
            place += bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(place + 1, bytes.endIndex)
    }

    /// Where the value begins if a colon follows, that is, if the string before was a name.
    private func valueStart(after end: Int) -> Int? {
        guard let colon = firstToken(from: end), bytes[colon] == UInt8(ascii: ":") else { return nil }
        return firstToken(from: colon + 1)
    }

    private func firstToken(from start: Int) -> Int? {
        bytes[start...].firstIndex { $0 > UInt8(ascii: " ") }
    }

    /// One past the value that begins at `start`.
    private func endOfValue(_ start: Int) -> Int {
        var place = start
        var depth = 0
        while place < bytes.endIndex {
            switch bytes[place] {
            case UInt8(ascii: "\""):
                place = endOfString(place)
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
                if depth == 0 { return place }
                if bytes[place] != UInt8(ascii: ",") { depth -= 1 }
            default: break
            }
            place += 1
        }
        return place
    }
}
