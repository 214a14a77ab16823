/// Timestamps read from text (RFC 3339, section 5.6).
extension Timestamp {
    /// Reads an RFC 3339 date and time with any offset; nil for anything else, or outside the years 0 to 9999.
    ///
    /// A fraction of a second may have any number of digits and is cut to milliseconds.
    /// The leap second `23:59:60Z` is the instant after it, as in POSIX time.
    public init?(rfc3339 text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let timestamp = bytes.withUnsafeBytes({ Timestamp(rfc3339Bytes: $0) }) else { return nil }
        self = timestamp
    }

    /// The same for text that lies in memory as bytes.
    public init?(rfc3339Bytes bytes: UnsafeRawBufferPointer) {
        var text = TextReader(bytes)
        guard let day = text.date(), text.skip("T", or: "t"),
            let time = text.time(), let offsetMinutes = text.offset(), text.isAtEnd
        else { return nil }
        let milliseconds = day * Self.millisecondsPerDay + time - offsetMinutes * 60_000
        // Only the last second of a UTC day can be a leap second: its instant is the next day's first.
        let second = Self.floorDivide(milliseconds, by: 1000)
        if text.hasLeapSecond, !second.isMultiple(of: 86_400) { return nil }
        let timestamp = Timestamp(millisecondsSinceEpoch: milliseconds)
        guard Self.rfc3339Range.contains(timestamp) else { return nil }
        self = timestamp
    }
}

/// Reads the parts of a date and time off the front of some bytes.
private struct TextReader {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private(set) var hasLeapSecond = false

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    /// `2026-11-21` as the day counted from 1970-01-01.
    mutating func date() -> Int64? {
        guard let year = digits(4), skip("-"), let month = digits(2), skip("-"), let day = digits(2),
            (1...12).contains(month), day >= 1
        else { return nil }
        let first = Timestamp.day(year: year, month: month, day: 1)
        let next = month == 12 ? first + 31 : Timestamp.day(year: year, month: month + 1, day: 1)
        return day <= next - first ? first + day - 1 : nil
    }

    /// `10:00:00.120` as milliseconds of the day.
    mutating func time() -> Int64? {
        guard let hour = digits(2), hour <= 23, skip(":"), let minute = digits(2), minute <= 59, skip(":"),
            let second = digits(2), second <= 60
        else { return nil }
        hasLeapSecond = second == 60
        var milliseconds: Int64 = 0
        if skip(".") {
            guard let fraction = fraction() else { return nil }
            milliseconds = fraction
        }
        return ((hour * 60 + minute) * 60 + second) * 1000 + milliseconds
    }

    /// `Z` or `+01:00` as minutes east of UTC.
    mutating func offset() -> Int64? {
        if skip("Z", or: "z") { return 0 }
        let isWest = skip("-")
        guard isWest || skip("+") else { return nil }
        guard let hours = digits(2), hours <= 23, skip(":"), let minutes = digits(2), minutes <= 59 else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }

    mutating func skip(_ mark: Unicode.Scalar, or other: Unicode.Scalar? = nil) -> Bool {
        guard position < bytes.count else { return false }
        let byte = Unicode.Scalar(bytes[position])
        guard byte == mark || byte == other else { return false }
        position += 1
        return true
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard count <= bytes.count - position else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func fraction() -> Int64? {
        guard var milliseconds = digit() else { return nil }
        milliseconds *= 100
        var weight: Int64 = 10
        while let digit = digit() {
            milliseconds += digit * weight
            weight /= 10
        }
        return milliseconds
    }

    private mutating func digit() -> Int64? {
        guard position < bytes.count else { return nil }
        let byte = bytes[position]
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
        position += 1
        return Int64(byte - UInt8(ascii: "0"))
    }
}
