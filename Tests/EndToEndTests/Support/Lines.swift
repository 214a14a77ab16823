import Foundation

/// The lines of large files; as few steps in Swift as possible, because tests are built without optimisation.
enum Lines {
    /// How many line breaks there are.
    static func count(_ bytes: Data) -> Int {
        var count = 0
        forEachLineBreak(in: bytes) { _ in count += 1 }
        return count
    }

    /// The whole lines of a file, without their line breaks; what stands behind the last one is left out.
    static func read(_ file: URL) throws -> [String] {
        let bytes = try Data(contentsOf: file)
        var lines: [String] = []
        var start = 0
        forEachLineBreak(in: bytes) { end in
            lines.append(String(decoding: bytes[start..<end], as: UTF8.self))
            start = end + 1
        }
        return lines
    }

    /// The whole lines of a file, each decoded from JSON.
    static func decode<Value: Decodable>(_ type: Value.Type, from file: URL) throws -> [Value] {
        var bytes = try Data(contentsOf: file)
        var places: [Int] = []
        forEachLineBreak(in: bytes) { places.append($0) }
        guard let last = places.popLast() else { return [] }
        for place in places { bytes[place] = UInt8(ascii: ",") }
        return try JSONDecoder().decode([Value].self, from: Data("[".utf8) + bytes[..<last] + Data("]".utf8))
    }

    private static func forEachLineBreak(in bytes: Data, _ body: (Int) -> Void) {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var start = 0
            while let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start) {
                let place = UnsafeRawPointer(found) - base
                body(place)
                start = place + 1
                if start == bytes.count { return }
            }
        }
    }
}
