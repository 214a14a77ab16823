import NIOCore
public import RecordFormat

/// When an item came into being, as each version of it says that was written with a look at the one before.
///
/// It is a header of the record, `millrace.created`, in milliseconds since 1970, decimal: so that compaction, which takes the
/// first version away, does not take the time with it. Records that were simply produced do not have it.
public enum ItemBirth {
    /// The header's name.
    public static let headerName = "millrace.created"
    private static let name = Array(headerName.utf8)
    /// Until the year 5138; what is longer is none of ours.
    private static let digitsMax = 14

    /// The time in a header; nil when it is another header, or has no time.
    static func read(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Timestamp? {
        guard name.elementsEqual(Self.name), let value, (1...digitsMax).contains(value.count) else { return nil }
        var milliseconds: Int64 = 0
        for byte in value {
            guard (0x30...0x39).contains(byte) else { return nil }
            milliseconds = milliseconds * 10 + Int64(byte - 0x30)
        }
        return Timestamp(millisecondsSinceEpoch: milliseconds)
    }
}

extension DecodedRecord {
    /// When its item came into being, where it says so; never after the record itself.
    public var birth: Timestamp? {
        for header in headers {
            let time = header.name.withUnsafeReadableBytes { name in
                header.value?.withUnsafeReadableBytes { ItemBirth.read(name, $0) }
            }
            if let time = time ?? nil { return min(time, timestamp) }
        }
        return nil
    }

    /// The record, saying when its item came into being.
    func born(at time: Timestamp) -> DecodedRecord {
        var record = self
        record.headers = statedHeaders
        let value = ByteBuffer(string: String(time.millisecondsSinceEpoch))
        record.headers.append(RecordHeader(name: ByteBuffer(string: ItemBirth.headerName), value: value))
        return record
    }

    /// The headers that a client has stated: all but that one.
    public var statedHeaders: [RecordHeader] {
        headers.filter { $0.name != ByteBuffer(string: ItemBirth.headerName) }
    }
}
