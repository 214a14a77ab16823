/// Reads the fields of a record from raw bytes, never beyond `end`.
struct RecordFields {
    private let bytes: UnsafeRawBufferPointer
    /// The next byte to read.
    private(set) var position: Int
    /// The first byte that does not belong to what is being read.
    var end: Int

    /// A reader of `bytes[position..<end]`, whose positions count from the beginning of `bytes`.
    init(_ bytes: UnsafeRawBufferPointer, from position: Int, to end: Int) {
        precondition(0 <= position && position <= end && end <= bytes.count, "\(position)..<\(end) of \(bytes.count)")
        self.bytes = bytes
        self.position = position
        self.end = end
    }

    /// One byte.
    @inline(__always)
    mutating func byte(_ what: StaticString) throws(FormatError) -> UInt8 {
        guard position < end else { throw missing(what) }
        defer { position += 1 }
        return bytes[position]
    }

    /// Passes over everything up to a place that has been checked before.
    mutating func skip(to place: Int) {
        precondition(position <= place && place <= end, "\(place) is not in \(position)...\(end)")
        position = place
    }

    /// A varint of 32 bits.
    @inline(__always)
    mutating func int32(_ what: StaticString) throws(FormatError) -> Int32 {
        if let value = short() { return Int32(truncatingIfNeeded: value) }
        guard let value = Varint.read32(bounded, at: &position) else { throw missing(what) }
        return value
    }

    /// A varint of 64 bits.
    @inline(__always)
    mutating func int64(_ what: StaticString) throws(FormatError) -> Int64 {
        if let value = short() { return value }
        guard let value = Varint.read64(bounded, at: &position) else { throw missing(what) }
        return value
    }

    /// A varint of one or two bytes, as nearly all lengths and deltas are; nil, and nothing is read, where it has more.
    @inline(__always)
    private mutating func short() -> Int64? {
        guard position < end else { return nil }
        let first = UInt64(bytes[position])
        if first < 0x80 {
            position += 1
            return Varint.unzigzag(first)
        }
        guard position + 1 < end, bytes[position + 1] < 0x80 else { return nil }
        let second = UInt64(bytes[position + 1])
        position += 2
        return Varint.unzigzag(first & 0x7F | second << 7)
    }

    /// A length and as many bytes; nil when the length is -1.
    @inline(__always)
    mutating func nullable(_ what: StaticString) throws(FormatError) -> Range<Int>? {
        let start = position
        let length = Int(try int32(what))
        if length == -1 { return nil }
        guard length >= 0, length <= end - position else { throw badLength(length, at: start, what) }
        defer { position += length }
        return position..<position + length
    }

    /// One header: a name that is never null, and a value that may be.
    mutating func header() throws(FormatError) -> (name: Range<Int>, value: Range<Int>?) {
        let start = position
        guard let name = try nullable("header name length") else {
            throw badLength(-1, at: start, "header name length")
        }
        return (name, try nullable("header value length"))
    }

    private var bounded: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes.baseAddress, count: end)
    }

    private func badLength(_ length: Int, at start: Int, _ what: StaticString) -> FormatError {
        FormatError(.length, at: start, "a \(what) of \(length) with \(end - position) bytes left")
    }

    /// Tells a field that the bytes cut off from one that is malformed.
    private func missing(_ what: StaticString) -> FormatError {
        let rest = bounded[min(position, end)...]
        // Every byte continues the number: it runs out of the bytes, unless it was too long by then.
        return rest.count < Varint.bytesMax64 && rest.allSatisfy { $0 >= 0x80 }
            ? FormatError(.truncated, at: position, "the bytes end within the \(what)")
            : FormatError(.varint, at: position, "the \(what) is no variable-length integer")
    }
}
