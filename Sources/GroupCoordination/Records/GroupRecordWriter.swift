import RecordFormat

/// Writes the fields of group records: big-endian integers, and strings behind an int16 length, as Kafka does.
struct GroupRecordWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write<Number: FixedWidthInteger>(_ value: Number) {
        for shift in stride(from: Number.bitWidth - 8, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> Number(shift)))
        }
    }

    /// Names and metadata are bounded long before they come here, so that a longer one is a mistake of this module.
    mutating func write(_ text: String) {
        let length = text.utf8.count
        precondition(length <= Int(Int16.max), "a string of \(length) bytes has no place in a group record")
        write(Int16(length))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func write(_ text: String?) {
        guard let text else { return write(Int16(-1)) }
        write(text)
    }

    mutating func write(_ id: TopicID) {
        write(id.high)
        write(id.low)
    }
}
