import JSONBytes
import NIOCore
import RecordFormat

/// Reads one event after another out of valid JSON.
struct CloudEventReader {
    private let partition: PartitionIndex?
    private let depthMax: Int
    private var attributes = CloudEventAttributes()
    private var decoded = ByteBuffer()
    private var scratch = ByteBuffer()

    /// A reader; `partition` is for all events.
    init(partition: PartitionIndex?, depthMax: Int) {
        self.partition = partition
        self.depthMax = depthMax
    }

    /// Reads the event at `event` of valid JSON without line breaks between tokens.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ event: Range<Int>,
        into intake: inout RecordIntake,
        _ place: RecordPlace
    ) throws(Problem) {
        attributes.reset()
        decoded.clear()
        var cursor = JSONCursor(bytes, value: event)
        guard cursor.enterObject() else {
            throw place.invalid("a CloudEvent is a JSON object", byteOffset: event.lowerBound)
        }
        var data: Range<Int>?
        var base64: Range<Int>?
        while let name = cursor.nextName() {
            let raw = UnsafeRawBufferPointer(rebasing: bytes[name])
            let value = cursor.takeValue()
            if JSONString.equals(raw, "data") {
                guard data == nil else { throw place.invalid("data is given twice", byteOffset: name.lowerBound) }
                data = value
            } else if JSONString.equals(raw, "data_base64") {
                guard base64 == nil else {
                    throw place.invalid("data_base64 is given twice", byteOffset: name.lowerBound)
                }
                base64 = value
            } else {
                try takeAttribute(bytes, name, value, place)
            }
        }
        try attributes.check(place)
        var parts = RecordParts(kind: .tombstone, timestamp: intake.now)
        parts.partition = partition
        parts.kind = try readData(bytes, data, base64, place)
        let text = decoded
        try text.withUnsafeReadableBytes { (text) throws(Problem) in
            switch parts.kind {
            case .json: parts.value = data.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) }
            case .bytes: parts.value = text
            case .tombstone: break
            }
            try intake.append(parts, of: attributes, place: place)
        }
    }

    private mutating func takeAttribute(
        _ bytes: UnsafeRawBufferPointer,
        _ name: Range<Int>,
        _ value: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) {
        let raw = String(decoding: bytes[name], as: UTF8.self)
        let attribute = "the attribute \(Problem.shown(raw))"
        func invalid(_ reason: String) -> Problem {
            place.invalid("\(attribute) \(reason)", byteOffset: value.lowerBound)
        }
        let isText = CloudEventAttributes.texts.contains(raw)
        let text: String
        switch bytes[value.lowerBound] {
        case UInt8(ascii: "n"): return
        case UInt8(ascii: "\""):
            scratch.clear()
            try RecordHeadersReader.decodeString(bytes, value, into: &scratch, of: attribute, place)
            text = String(buffer: scratch)
        case _ where isText: throw invalid("is not a string")
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            throw invalid("is not a string, a whole number or a truth value")
        case UInt8(ascii: "t"), UInt8(ascii: "f"): text = String(decoding: bytes[value], as: UTF8.self)
        default:
            text = String(decoding: bytes[value], as: UTF8.self)
            guard Int32(text) != nil else { throw invalid("is not a whole number of 32 bits; send it as a string") }
        }
        try attributes.take(raw, text, place, byteOffset: name.lowerBound)
    }

    /// Refuses data that is nested deeper than values may be.
    ///
    /// The body was checked with room for what may stand around a value. Each level takes two bytes at least, so most data
    /// is not looked at again.
    private func checkDepth(_ bytes: UnsafeRawBufferPointer, _ data: Range<Int>, _ place: RecordPlace) throws(Problem) {
        guard data.count > 2 * depthMax else { return }
        do throws(JSONError) {
            _ = try JSONValidator.validate(UnsafeRawBufferPointer(rebasing: bytes[data]), depthMax: depthMax)
        } catch {
            throw place.invalid("data: \(error.reason)", byteOffset: data.lowerBound + error.byteOffset)
        }
    }

    /// Finds out what the data is; what is to be decoded goes into `decoded`.
    private mutating func readData(
        _ bytes: UnsafeRawBufferPointer,
        _ data: Range<Int>?,
        _ base64: Range<Int>?,
        _ place: RecordPlace
    ) throws(Problem) -> RecordParts.Kind {
        let data = data.flatMap { bytes[$0.lowerBound] == UInt8(ascii: "n") ? nil : $0 }
        if let base64, bytes[base64.lowerBound] != UInt8(ascii: "n") {
            if data != nil {
                throw place.invalid("data and data_base64 are both given", byteOffset: base64.lowerBound)
            }
            try RecordHeadersReader.decodeBase64(
                bytes,
                base64,
                scratch: &scratch,
                into: &decoded,
                of: "data_base64",
                place
            )
            return .bytes
        }
        guard let data else { return .tombstone }
        // A text whose media type is not JSON stands in the JSON as a string of it (JSON format, 3.1).
        guard !attributes.isJSON, bytes[data.lowerBound] == UInt8(ascii: "\"") else {
            try checkDepth(bytes, data, place)
            return .json
        }
        try RecordHeadersReader.decodeString(bytes, data, into: &decoded, of: "data", place)
        return .bytes
    }
}

extension RecordIntake {
    /// Takes the record of an event.
    mutating func append(
        _ record: RecordParts,
        of attributes: CloudEventAttributes,
        place: RecordPlace
    ) throws(Problem) {
        guard let key = attributes.key else { return try append(record, headers: attributes.headers, place: place) }
        var record = record
        let text = ByteBuffer(string: key)
        try text.withUnsafeReadableBytes { (key) throws(Problem) in
            record.key = key
            try append(record, headers: attributes.headers, place: place)
        }
    }
}
