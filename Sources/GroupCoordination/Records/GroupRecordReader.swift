import RecordFormat

/// Reads the fields of group records.
///
/// Any bytes are safe to read: what does not fit is a typed error with its place.
struct GroupRecordReader {
    private let bytes: [UInt8]
    private let part: GroupRecordError.Part
    private(set) var position = 0

    init(_ bytes: [UInt8], part: GroupRecordError.Part) {
        self.bytes = bytes
        self.part = part
    }

    var remaining: Int { bytes.count - position }

    mutating func read<Number: FixedWidthInteger>(_ type: Number.Type) throws(GroupRecordError) -> Number {
        let width = Number.bitWidth / 8
        guard remaining >= width else { throw error(.truncated) }
        var bits: UInt64 = 0
        for byte in bytes[position..<position + width] {
            bits = bits << 8 | UInt64(byte)
        }
        position += width
        return Number(truncatingIfNeeded: bits)
    }

    mutating func readString() throws(GroupRecordError) -> String {
        guard let text = try readOptionalString() else {
            throw error(.invalidField("lacks a string that it must have"))
        }
        return text
    }

    mutating func readOptionalString() throws(GroupRecordError) -> String? {
        let length = Int(try read(Int16.self))
        guard length >= 0 else {
            guard length == -1 else { throw error(.invalidField("has a string of negative length")) }
            return nil
        }
        guard remaining >= length else { throw error(.truncated) }
        guard let text = String(validating: bytes[position..<position + length], as: UTF8.self) else {
            throw error(.invalidField("has a string that is not UTF-8"))
        }
        position += length
        return text
    }

    mutating func readTopicID() throws(GroupRecordError) -> TopicID {
        let high = try read(UInt64.self)
        return TopicID(high: high, low: try read(UInt64.self))
    }

    mutating func readGroupName() throws(GroupRecordError) -> GroupName {
        let (namespace, name) = try readQualifiedName()
        do {
            return try GroupName(validatingStored: name, in: namespace)
        } catch {
            throw self.error(.invalidField("has an invalid name: \(error.reason)"))
        }
    }

    mutating func readTopicName() throws(GroupRecordError) -> TopicName {
        let (namespace, name) = try readQualifiedName()
        do {
            return try TopicName(validatingStored: name, in: namespace)
        } catch {
            throw self.error(.invalidField("has an invalid name: \(error.reason)"))
        }
    }

    mutating func readTopicPartition() throws(GroupRecordError) -> TopicPartition {
        let topic = try readTopicName()
        let index = try read(Int32.self)
        guard index >= 0 else { throw error(.invalidField("has a negative partition")) }
        return TopicPartition(topic, PartitionIndex(index))
    }

    /// An integer that counts something, and so is not negative, nor so large that counting on would overflow.
    mutating func readCount(_ what: String) throws(GroupRecordError) -> Int64 {
        let value = try read(Int64.self)
        guard (0...Int64.max / 4).contains(value) else { throw error(.invalidField("has an impossible \(what)")) }
        return value
    }

    /// A count, or -1 where there is none.
    mutating func readOptionalCount(_ what: String) throws(GroupRecordError) -> Int64? {
        let value = try read(Int64.self)
        guard (-1...Int64.max / 4).contains(value) else { throw error(.invalidField("has an impossible \(what)")) }
        return value == -1 ? nil : value
    }

    func end() throws(GroupRecordError) {
        guard remaining == 0 else { throw error(.trailingBytes) }
    }

    func error(_ kind: GroupRecordError.Kind) -> GroupRecordError {
        GroupRecordError(kind: kind, part: part, byteOffset: position)
    }

    /// `name` in the default namespace, `namespace/name` elsewhere; a name holds no slash.
    private mutating func readQualifiedName() throws(GroupRecordError) -> (Namespace, String) {
        let text = try readString()
        guard let slash = text.firstIndex(of: "/") else { return (.default, text) }
        do {
            let namespace = try Namespace(validating: String(text[..<slash]))
            return (namespace, String(text[text.index(after: slash)...]))
        } catch {
            throw self.error(.invalidField("has an invalid namespace: \(error.reason)"))
        }
    }
}
