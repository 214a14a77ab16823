import JSONBytes
import NIOCore
import RecordFormat

/// Reads one record object after another out of valid JSON, straight into an intake.
///
///     {"key":"u1","value":{...},"headers":{"ct":"v2"},"partition":3,"timestamp":"2026-11-21T10:00:00Z"}
///
/// A value goes into its batch as it stands in the body; only what is escaped or in base64 is decoded first, into a
/// buffer that is used again for the next record.
struct RecordReader: Sendable {
    /// Where a part of a record lies: in the request's body, or decoded in `scratch`.
    private enum Part {
        case body(Range<Int>)
        case scratch(Range<Int>)
    }

    /// The order here is that of the indexes below.
    private static let names: [StaticString] = [
        "key", "keyBase64", "value", "valueBase64", "headers", "partition", "timestamp",
    ]
    private static let key = 0, keyBase64 = 1, value = 2, valueBase64 = 3, headersIndex = 4, partition = 5,
        timestamp = 6

    private var taken = JSONKnownNames(names)
    private var ranges: [Range<Int>?] = Array(repeating: nil, count: names.count)
    private var headers = RecordHeadersReader()
    private var scratch = ByteBuffer()
    private var base64 = ByteBuffer()
    private let partitionDefault: PartitionIndex?

    /// A reader; `partitionDefault` is for records that do not name theirs.
    init(partitionDefault: PartitionIndex?) {
        self.partitionDefault = partitionDefault
    }

    /// Reads the record object at `record` of valid JSON without line breaks between tokens.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ record: Range<Int>,
        into intake: inout RecordIntake,
        _ place: RecordPlace
    ) throws(Problem) {
        try findFields(bytes, record, place)
        scratch.clear()
        let key = try readKey(bytes, place)
        let (kind, value) = try readValue(bytes, place)
        headers.reset()
        if let range = given(Self.headersIndex, bytes) { try headers.read(bytes, range, place) }
        var parts = RecordParts(kind: kind, timestamp: try readTimestamp(bytes, place) ?? intake.now)
        parts.partition = try readPartition(bytes, place)
        let decoded = scratch
        try decoded.withUnsafeReadableBytes { (scratch) throws(Problem) in
            parts.key = key.map { Self.resolve($0, bytes, scratch) }
            parts.value = value.map { Self.resolve($0, bytes, scratch) }
            try intake.append(parts, headers: headers.headers, place: place)
        }
    }

    private mutating func findFields(
        _ bytes: UnsafeRawBufferPointer,
        _ record: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) {
        taken.reset()
        for index in ranges.indices { ranges[index] = nil }
        var cursor = JSONCursor(bytes, value: record)
        guard cursor.enterObject() else {
            throw place.invalid(
                "a record is an object such as {\"key\":\"a\",\"value\":1}",
                byteOffset: record.lowerBound
            )
        }
        while let name = cursor.nextName() {
            switch taken.take(UnsafeRawBufferPointer(rebasing: bytes[name])) {
            case .known(let index):
                ranges[index] = cursor.takeValue()
            case .repeated(let index):
                throw place.invalid("the field \(Self.names[index]) is given twice", byteOffset: name.lowerBound)
            case .unknown:
                let shown = Problem.shown(String(decoding: bytes[name], as: UTF8.self))
                let known = Self.names.map { "\($0)" }.joined(separator: ", ")
                throw place.invalid(
                    "the field \"\(shown)\" is unknown; known are \(known)",
                    byteOffset: name.lowerBound
                )
            }
        }
    }

    /// A field's place, nil when it is not given or null.
    private func given(_ index: Int, _ bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        guard let range = ranges[index], bytes[range.lowerBound] != UInt8(ascii: "n") else { return nil }
        return range
    }

    private mutating func readKey(_ bytes: UnsafeRawBufferPointer, _ place: RecordPlace) throws(Problem) -> Part? {
        let text = given(Self.key, bytes)
        guard let encoded = given(Self.keyBase64, bytes) else {
            return try text.map { (range) throws(Problem) in try self.text(bytes, range, of: "key", place) }
        }
        if text != nil { throw place.invalid("key and keyBase64 are both given", byteOffset: encoded.lowerBound) }
        return try bytesOf(bytes, encoded, of: "keyBase64", place)
    }

    private mutating func readValue(
        _ bytes: UnsafeRawBufferPointer,
        _ place: RecordPlace
    ) throws(Problem) -> (RecordParts.Kind, Part?) {
        let json = given(Self.value, bytes)
        guard let encoded = given(Self.valueBase64, bytes) else {
            return json.map { (.json, .body($0)) } ?? (.tombstone, nil)
        }
        if json != nil { throw place.invalid("value and valueBase64 are both given", byteOffset: encoded.lowerBound) }
        return (.bytes, try bytesOf(bytes, encoded, of: "valueBase64", place))
    }

    private func readPartition(
        _ bytes: UnsafeRawBufferPointer,
        _ place: RecordPlace
    ) throws(Problem) -> PartitionIndex? {
        guard let range = given(Self.partition, bytes) else { return partitionDefault }
        let number = JSONNumber.integer(UnsafeRawBufferPointer(rebasing: bytes[range]))
        guard let number, number >= 0, let index = Int32(exactly: number) else {
            throw place.invalid("partition is a whole number from 0", byteOffset: range.lowerBound)
        }
        return PartitionIndex(index)
    }

    private mutating func readTimestamp(
        _ bytes: UnsafeRawBufferPointer,
        _ place: RecordPlace
    ) throws(Problem) -> Timestamp? {
        guard let range = given(Self.timestamp, bytes) else { return nil }
        let timestamp: Timestamp?
        if bytes[range.lowerBound] == UInt8(ascii: "\"") {
            let raw = range.lowerBound + 1..<range.upperBound - 1
            timestamp = Timestamp(rfc3339Bytes: UnsafeRawBufferPointer(rebasing: bytes[raw]))
        } else {
            timestamp = JSONNumber.integer(UnsafeRawBufferPointer(rebasing: bytes[range]))
                .map { Timestamp(millisecondsSinceEpoch: $0) }
        }
        // The year 9999 is the last that RFC 3339 can write.
        guard let timestamp, (0...253_402_300_799_999).contains(timestamp.millisecondsSinceEpoch) else {
            throw place.invalid(
                "timestamp is RFC 3339 such as 2026-11-21T10:00:00Z, or milliseconds since 1970, up to the year 9999",
                byteOffset: range.lowerBound
            )
        }
        return timestamp
    }

    /// A string's text: in the body where nothing is escaped.
    private mutating func text(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        of what: String,
        _ place: RecordPlace
    ) throws(Problem) -> Part {
        let raw = range.lowerBound + 1..<max(range.lowerBound + 1, range.upperBound - 1)
        if bytes[range.lowerBound] == UInt8(ascii: "\""),
            !JSONString.hasEscapes(UnsafeRawBufferPointer(rebasing: bytes[raw]))
        {
            return .body(raw)
        }
        let start = scratch.readableBytes
        try RecordHeadersReader.decodeString(bytes, range, into: &scratch, of: what, place)
        return .scratch(start..<scratch.readableBytes)
    }

    private mutating func bytesOf(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        of what: String,
        _ place: RecordPlace
    ) throws(Problem) -> Part {
        let start = scratch.readableBytes
        try RecordHeadersReader.decodeBase64(bytes, range, scratch: &base64, into: &scratch, of: what, place)
        return .scratch(start..<scratch.readableBytes)
    }

    private static func resolve(
        _ part: Part,
        _ body: UnsafeRawBufferPointer,
        _ scratch: UnsafeRawBufferPointer
    ) -> UnsafeRawBufferPointer {
        switch part {
        case .body(let range): UnsafeRawBufferPointer(rebasing: body[range])
        case .scratch(let range): UnsafeRawBufferPointer(rebasing: scratch[range])
        }
    }
}
