import JSONBytes
import NIOCore
import Testing

/// Runs every reader over bytes that may be anything: none may trap, read out of bounds or answer a place outside.
enum Exercise {
    private static let pointers: [JSONPointer] = ["", "/records/0/key", "/a/1/b", "/", "/0/0"].compactMap {
        try? JSONPointer($0)
    }

    static func everything(_ bytes: [UInt8]) {
        withBytes(bytes) { everything($0) }
    }

    static func everything(_ bytes: UnsafeRawBufferPointer) {
        let whole = 0..<bytes.count
        _ = try? JSONValidator.validate(bytes, depthMax: 8)
        walk(bytes, whole, depth: 0)
        for pointer in pointers {
            if let place = pointer.resolve(in: bytes, value: whole) { #expect(whole.contains(place)) }
        }
        if let name = JSONObjectNames.firstRepeated(in: bytes, object: whole) { #expect(whole.contains(name)) }
        strings(bytes)
        lineBreaks(bytes)
    }

    private static func walk(_ bytes: UnsafeRawBufferPointer, _ place: Range<Int>, depth: Int) {
        guard depth < 20 else { return }
        var names = JSONKnownNames(["records", "key", "value"])
        forEachField(in: bytes, object: place) { name, value in
            #expect(place.contains(name) && place.contains(value))
            _ = names.take(bytes.slice(name))
            walk(bytes, value, depth: depth + 1)
            return true
        }
        forEachElement(in: bytes, array: place) { value in
            #expect(place.contains(value))
            walk(bytes, value, depth: depth + 1)
            return true
        }
    }

    private static func strings(_ bytes: UnsafeRawBufferPointer) {
        var buffer = ByteBuffer()
        _ = try? JSONString.decode(bytes, into: &buffer)
        _ = try? JSONString.text(bytes)
        _ = try? Base64.decode(bytes, into: &buffer)
        _ = JSONString.equals(bytes, "records")
        _ = JSONString.isUTF8(bytes)
        _ = JSONNumber.integer(bytes)
        JSONString.encode(bytes, into: &buffer)
        Base64.encode(bytes, into: &buffer)
    }

    private static func lineBreaks(_ bytes: UnsafeRawBufferPointer) {
        var buffer = ByteBuffer(bytes: bytes)
        JSONLineBreaks.replaceBetweenTokens(in: &buffer)
        #expect(buffer.readableBytes == bytes.count)
        #expect(!buffer.readableBytesView.contains { $0 == 0x0A || $0 == 0x0D })
    }
}
