import JSONBytes
import NIOCore
import RecordFormat

/// Reads a record, or a bare value, from each line of a body.
///
/// Blank lines are passed over.
enum NDJSONRecordsBody {
    /// What stands on a line.
    enum Lines: Sendable {
        /// A record object.
        case records
        /// A value; its key, if a pointer is given, is taken from it.
        case values(key: JSONPointer?)
    }

    /// Reads all lines into the intake.
    static func read(
        _ body: inout ByteBuffer,
        _ lines: Lines,
        depthMax: Int,
        partitionDefault: PartitionIndex?,
        into intake: inout RecordIntake
    ) throws(Problem) {
        try body.withUnsafeMutableReadableBytes { (bytes) throws(Problem) in
            var reader = LineReader(lines, depthMax: depthMax, partitionDefault: partitionDefault)
            var bad = BadRecords()
            var start = 0
            var number = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                number += 1
                try bad.judge { () throws(Problem) in
                    try reader.read(bytes, start..<end, into: &intake, .line(number))
                }
                start = end + 1
            }
            try bad.refuse()
        }
        if intake.recordCount == 0 { throw RecordPlace.body.invalid("there is no record on any line") }
    }
}

/// Reads bare values whose keys, if any, stand within them.
struct BareValueReader: Sendable {
    private let key: JSONPointer?
    private let partition: PartitionIndex?
    private var scratch = ByteBuffer()

    /// A reader that looks for the key at `key`.
    init(key: JSONPointer?, partition: PartitionIndex?) {
        self.key = key
        self.partition = partition
    }

    /// Takes the value at `value` of valid JSON as a record.
    mutating func read(
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        into intake: inout RecordIntake,
        _ place: RecordPlace
    ) throws(Problem) {
        let isNull = bytes[value.lowerBound] == UInt8(ascii: "n")
        var parts = RecordParts(kind: isNull ? .tombstone : .json, timestamp: intake.now)
        parts.value = isNull ? nil : UnsafeRawBufferPointer(rebasing: bytes[value])
        parts.partition = partition
        guard let key else { return try intake.append(parts, headers: .none, place: place) }
        let range = try find(key, bytes, value, place)
        guard bytes[range.lowerBound] == UInt8(ascii: "\"") else {
            parts.key = UnsafeRawBufferPointer(rebasing: bytes[range])
            return try intake.append(parts, headers: .none, place: place)
        }
        scratch.clear()
        try RecordHeadersReader.decodeString(bytes, range, into: &scratch, of: "the key at \(key)", place)
        let text = scratch
        try text.withUnsafeReadableBytes { (text) throws(Problem) in
            parts.key = text
            try intake.append(parts, headers: .none, place: place)
        }
    }

    /// Where the key stands: a string, a number or a truth value; a value without one is refused, since it would lose
    /// its order.
    private func find(
        _ key: JSONPointer,
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) -> Range<Int> {
        guard let range = key.resolve(in: bytes, value: value) else {
            throw place.invalid(
                "the value has no key at \(Problem.shown(key.description))",
                byteOffset: value.lowerBound
            )
        }
        switch bytes[range.lowerBound] {
        case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "n"):
            throw place.invalid(
                "the key at \(Problem.shown(key.description)) is not a string, a number or a truth value",
                byteOffset: range.lowerBound
            )
        default: return range
        }
    }
}
