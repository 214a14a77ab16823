import JSONBytes
import NIOCore
import RecordFormat

/// Reads the `headers` object of a record: names to strings, `{"base64":...}`, or arrays of these for a repeated name.
struct RecordHeadersReader: Sendable {
    /// The header that queue mode will use.
    private static let reserved: StaticString = "millrace.deliver-at"

    /// The headers of the last record read.
    private(set) var headers = HeaderList.none
    private var name = ByteBuffer()
    private var text = ByteBuffer()
    private var value = ByteBuffer()

    /// Forgets the headers of the last record.
    mutating func reset() {
        if headers.count > 0 { headers.removeAll() }
    }

    /// Reads the object at `object` of valid JSON.
    mutating func read(_ bytes: UnsafeRawBufferPointer, _ object: Range<Int>, _ place: RecordPlace) throws(Problem) {
        if let again = JSONObjectNames.firstRepeated(in: bytes, object: object) {
            throw place.invalid(
                "headers has a name twice; give it once with an array of values",
                byteOffset: again.lowerBound
            )
        }
        var cursor = JSONCursor(bytes, value: object)
        guard cursor.enterObject() else {
            throw place.invalid("headers is not an object", byteOffset: object.lowerBound)
        }
        while let raw = cursor.nextName() {
            try readName(bytes, raw, place)
            if cursor.kind == .array {
                _ = cursor.enterArray()
                while cursor.nextElement() { try append(bytes, cursor.takeValue(), place) }
            } else {
                try append(bytes, cursor.takeValue(), place)
            }
        }
    }

    private mutating func readName(
        _ bytes: UnsafeRawBufferPointer,
        _ raw: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) {
        let quoted = UnsafeRawBufferPointer(rebasing: bytes[raw])
        if JSONString.equals(quoted, Self.reserved) {
            throw place.problem(
                .headerReserved,
                "the header \(Self.reserved) is reserved for delayed delivery, which is not available yet",
                byteOffset: raw.lowerBound
            )
        }
        name.clear()
        do throws(JSONError) {
            try JSONString.decode(quoted, into: &name)
        } catch {
            throw place.invalid("a header's name: \(error.reason)", byteOffset: raw.lowerBound + error.byteOffset)
        }
    }

    /// Adds one value under the name that was read last.
    private mutating func append(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) {
        value.clear()
        if bytes[range.lowerBound] == UInt8(ascii: "{") {
            try readBase64(bytes, range, place)
        } else {
            try Self.decodeString(bytes, range, into: &value, of: "a header's value", place)
        }
        name.withUnsafeReadableBytes { name in
            value.withUnsafeReadableBytes { headers.append(name: name, value: $0) }
        }
    }

    private mutating func readBase64(
        _ bytes: UnsafeRawBufferPointer,
        _ object: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) {
        var cursor = JSONCursor(bytes, value: object)
        guard cursor.enterObject(), let name = cursor.nextName(), JSONString.equals(bytes, name, "base64") else {
            throw place.invalid(
                "a header's value is a string or {\"base64\":\"...\"}",
                byteOffset: object.lowerBound
            )
        }
        try Self.decodeBase64(bytes, cursor.takeValue(), scratch: &text, into: &value, of: "a header's value", place)
        if cursor.nextName() != nil {
            throw place.invalid("a header's value has base64 and nothing else", byteOffset: object.lowerBound)
        }
    }

    /// Appends the text of a JSON string, or refuses what is none.
    static func decodeString(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        into buffer: inout ByteBuffer,
        of what: String,
        _ place: RecordPlace
    ) throws(Problem) {
        guard bytes[range.lowerBound] == UInt8(ascii: "\"") else {
            throw place.invalid("\(what) is not a string", byteOffset: range.lowerBound)
        }
        do throws(JSONError) {
            let raw = range.lowerBound + 1..<range.upperBound - 1
            try JSONString.decode(UnsafeRawBufferPointer(rebasing: bytes[raw]), into: &buffer)
        } catch {
            throw place.invalid("\(what): \(error.reason)", byteOffset: range.lowerBound + 1 + error.byteOffset)
        }
    }

    /// Appends the bytes of a JSON string in base64, or refuses what is none.
    static func decodeBase64(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        scratch: inout ByteBuffer,
        into buffer: inout ByteBuffer,
        of what: String,
        _ place: RecordPlace
    ) throws(Problem) {
        scratch.clear()
        try decodeString(bytes, range, into: &scratch, of: what, place)
        do throws(JSONError) {
            try scratch.withUnsafeReadableBytes { (text) throws(JSONError) in
                try Base64.decode(text, into: &buffer)
            }
        } catch {
            throw place.invalid("\(what): \(error.reason)", byteOffset: range.lowerBound + 1 + error.byteOffset)
        }
    }
}
