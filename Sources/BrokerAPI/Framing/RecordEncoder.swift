import JSONBytes
import NIOCore
import RecordFormat

/// Writes records as JSON objects on one line each.
///
///     {"topic":"orders","partition":3,"offset":912,"timestamp":"...","key":"u1","headers":{"ct":"v2"},"value":{...}}
///
/// A key that is not UTF-8 comes as `keyBase64`, a value that is not JSON as `valueBase64`, no key and a tombstone's
/// value as null. Whatever a record holds, no line break is written: keys and header texts are escaped, values of marked
/// batches were put on one line when they were produced, and all others are checked here.
struct RecordEncoder: Sendable {
    private let opening: String
    private let closing: StaticString
    private let jsonDepthMax: Int
    private let projection: JSONProjection?
    private var partition: TopicPartition?
    private var prefix: [UInt8] = []
    private var timestamps = TimestampText()
    private var headers: [(name: Range<Int>, value: Range<Int>?)] = []

    /// An encoder whose objects begin with `opening` and end with `closing`, braces and what stands around them.
    ///
    /// - Parameter projection: what of a JSON value is written; nil is all of it.
    init(opening: String, closing: StaticString, jsonDepthMax: Int, projection: JSONProjection? = nil) {
        self.opening = opening
        self.closing = closing
        self.jsonDepthMax = jsonDepthMax
        self.projection = projection
    }

    /// Makes the beginning that all records of a partition share.
    mutating func select(_ partition: TopicPartition) {
        guard self.partition != partition else { return }
        self.partition = partition
        var name = ByteBuffer()
        JSONString.encode(partition.topic.name, into: &name)
        let text = "\(opening)\"topic\":\(String(buffer: name)),\"partition\":\(partition.partition.value),\"offset\":"
        prefix = Array(text.utf8)
    }

    /// Appends a record of the selected partition; `bytes` are those that its ranges index into.
    mutating func write(
        _ record: borrowing Record,
        _ bytes: UnsafeRawBufferPointer,
        isJSON: Bool,
        into buffer: inout ByteBuffer
    ) {
        let key = record.key.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
        let value = record.value.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
        let isCopied = value == nil || (isJSON && projection == nil)
        if isCopied, record.headerCount == 0, key.map(JSONString.isPlain) ?? true {
            return writePlain(record.offset, record.timestamp, key: key, value: value, into: &buffer)
        }
        writeOpening(record.offset, record.timestamp, into: &buffer)
        writeKey(key, into: &buffer)
        if record.headerCount > 0 { writeHeaders(record, bytes, into: &buffer) }
        writeValue(value, isJSON: isJSON, into: &buffer)
        buffer.writeStaticString(closing)
    }

    /// Appends a record of which nothing is changed: most are such, and their pieces go one after another into room that is
    /// taken once.
    private mutating func writePlain(
        _ offset: Offset,
        _ timestamp: Timestamp,
        key: UnsafeRawBufferPointer?,
        value: UnsafeRawBufferPointer?,
        into buffer: inout ByteBuffer
    ) {
        let bytesMax = openingBytesMax + (key?.count ?? 0) + (value?.count ?? 0) + Self.fieldBytesMax
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytesMax) { room in
            var text = TextWriter(room)
            writeOpening(offset, timestamp, to: &text)
            if let key {
                text.write(",\"key\":\"")
                text.write(key)
                text.write("\"")
            } else {
                text.write(",\"key\":null")
            }
            text.write(",\"value\":")
            if let value { text.write(value) } else { text.write("null") }
            text.write(closing)
            return text.position
        }
    }

    private mutating func writeOpening(_ offset: Offset, _ timestamp: Timestamp, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: openingBytesMax) { room in
            var text = TextWriter(room)
            writeOpening(offset, timestamp, to: &text)
            return text.position
        }
    }

    /// Writes all that stands before the key.
    @inline(__always)
    private mutating func writeOpening(_ offset: Offset, _ timestamp: Timestamp, to text: inout TextWriter) {
        prefix.withUnsafeBytes { text.write($0) }
        text.write(decimal: offset.value)
        text.write(",\"timestamp\":\"")
        text.advance(by: timestamps.write(timestamp, to: text.place))
        text.write("\"")
    }

    /// The most bytes of all that stands before the key.
    private var openingBytesMax: Int { prefix.count + TextWriter.decimalBytesMax + TimestampText.bytesMax + 16 }
    /// More than the names of key and value take, with `null` for either and what closes the record.
    private static let fieldBytesMax = 64

    private func writeKey(_ key: UnsafeRawBufferPointer?, into buffer: inout ByteBuffer) {
        guard let key else { return _ = buffer.writeStaticString(",\"key\":null") }
        if JSONString.isUTF8(key) {
            buffer.writeStaticString(",\"key\":")
            JSONString.encode(key, into: &buffer)
        } else {
            buffer.writeStaticString(",\"keyBase64\":")
            Self.writeBase64(key, into: &buffer)
        }
    }

    private func writeValue(_ value: UnsafeRawBufferPointer?, isJSON: Bool, into buffer: inout ByteBuffer) {
        guard let value else { return _ = buffer.writeStaticString(",\"value\":null") }
        if isJSON {
            buffer.writeStaticString(",\"value\":")
            return splice(value, into: &buffer)
        }
        do throws(JSONError) {
            let shape = try JSONValidator.validate(value, depthMax: jsonDepthMax)
            // A stored `null` is a value, not a tombstone: spliced, the two could not be told apart.
            guard shape.kind != .null else { return Self.writeValueBase64(value, into: &buffer) }
            buffer.writeStaticString(",\"value\":")
            writeOnOneLine(UnsafeRawBufferPointer(rebasing: value[shape.value]), shape, into: &buffer)
        } catch {
            Self.writeValueBase64(value, into: &buffer)
        }
    }

    private static func writeValueBase64(_ value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeStaticString(",\"valueBase64\":")
        writeBase64(value, into: &buffer)
    }

    private func writeOnOneLine(
        _ value: UnsafeRawBufferPointer,
        _ shape: JSONShape,
        into buffer: inout ByteBuffer
    ) {
        guard shape.hasLineBreaks else { return splice(value, into: &buffer) }
        guard projection != nil else { return Self.copyOnOneLine(value, into: &buffer) }
        var line = ByteBuffer()
        Self.copyOnOneLine(value, into: &line)
        line.withUnsafeReadableBytes { splice($0, into: &buffer) }
    }

    /// Appends a value that stands on one line, or what of it is asked for.
    private func splice(_ value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        guard let projection else { return _ = buffer.writeBytes(value) }
        projection.write(value, value: 0..<value.count, into: &buffer)
    }

    private static func copyOnOneLine(_ value: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: value.count) { room in
            let text = UnsafeMutableRawBufferPointer(rebasing: room[..<value.count])
            text.copyMemory(from: value)
            JSONLineBreaks.replaceBetweenTokens(in: text)
            return value.count
        }
    }

    /// Writes the headers as an object: each name once, in the order of first appearance, a repeated one with an array.
    private mutating func writeHeaders(
        _ record: borrowing Record,
        _ bytes: UnsafeRawBufferPointer,
        into buffer: inout ByteBuffer
    ) {
        headers.removeAll(keepingCapacity: true)
        record.forEachHeader(in: bytes) { headers.append(($0, $1)) }
        buffer.writeStaticString(",\"headers\":{")
        var isFirst = true
        for index in headers.indices where !isRepeated(index, bytes) {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            Self.writeText(UnsafeRawBufferPointer(rebasing: bytes[headers[index].name]), into: &buffer)
            buffer.writeStaticString(":")
            writeValues(namedAs: index, bytes, into: &buffer)
        }
        buffer.writeStaticString("}")
    }

    private func isRepeated(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
        headers[..<index].contains { bytes[$0.name].elementsEqual(bytes[headers[index].name]) }
    }

    private func writeValues(namedAs index: Int, _ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        let name = bytes[headers[index].name]
        let isArray = headers[(index + 1)...].contains { bytes[$0.name].elementsEqual(name) }
        if isArray { buffer.writeStaticString("[") }
        writeHeaderValue(headers[index].value, bytes, into: &buffer)
        if isArray {
            for later in headers[(index + 1)...] where bytes[later.name].elementsEqual(name) {
                buffer.writeStaticString(",")
                writeHeaderValue(later.value, bytes, into: &buffer)
            }
            buffer.writeStaticString("]")
        }
    }

    private func writeHeaderValue(
        _ range: Range<Int>?,
        _ bytes: UnsafeRawBufferPointer,
        into buffer: inout ByteBuffer
    ) {
        guard let range else { return _ = buffer.writeStaticString("null") }
        let value = UnsafeRawBufferPointer(rebasing: bytes[range])
        guard !JSONString.isUTF8(value) else { return JSONString.encode(value, into: &buffer) }
        buffer.writeStaticString("{\"base64\":")
        Self.writeBase64(value, into: &buffer)
        buffer.writeStaticString("}")
    }

    /// A header's name: Kafka's are text; what is not is repaired, since an object's name must be.
    private static func writeText(_ text: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        guard !JSONString.isUTF8(text) else { return JSONString.encode(text, into: &buffer) }
        JSONString.encode(String(decoding: text, as: UTF8.self), into: &buffer)
    }

    private static func writeBase64(_ bytes: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        buffer.writeStaticString("\"")
        Base64.encode(bytes, into: &buffer)
        buffer.writeStaticString("\"")
    }
}
