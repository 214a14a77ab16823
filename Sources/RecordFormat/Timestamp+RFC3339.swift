import NIOCore

/// Timestamps written as text: RFC 3339, UTC, always three digits of a second: `2026-11-21T10:00:00.120Z`.
///
/// The calendar is the proleptic Gregorian one, computed with Howard Hinnant's day algorithms
/// (howardhinnant.github.io/date_algorithms.html).
extension Timestamp {
    /// The instants that RFC 3339 can write: the years 0000 to 9999.
    public static let rfc3339Range =
        Timestamp(millisecondsSinceEpoch: -62_167_219_200_000)...Timestamp(millisecondsSinceEpoch: 253_402_300_799_999)

    static let millisecondsPerDay: Int64 = 86_400_000

    /// The instant as text, 24 characters.
    ///
    /// Outside ``rfc3339Range`` the year is expanded as in ISO 8601, a sign and at least six digits;
    /// that is not read back.
    public var rfc3339: String {
        var buffer = ByteBuffer()
        write(rfc3339Into: &buffer)
        return String(buffer: buffer)
    }

    /// Appends the same text as ``rfc3339`` to the buffer, without allocating beyond it.
    public func write(rfc3339Into buffer: inout ByteBuffer) {
        let days = Self.floorDivide(millisecondsSinceEpoch, by: Self.millisecondsPerDay)
        // Wraps nowhere but at the smallest of all numbers, where the wrapped difference is still right.
        let millisecondOfDay = millisecondsSinceEpoch &- days &* Self.millisecondsPerDay
        let date = Self.date(ofDay: days)
        if !(0...9999).contains(date.year) { Self.writeExpandedYear(date.year, into: &buffer) }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 24) { room in
            var text = TextWriter(room)
            if (0...9999).contains(date.year) { text.digits(date.year, 4) }
            text.mark("-")
            text.digits(date.month, 2)
            text.mark("-")
            text.digits(date.day, 2)
            text.mark("T")
            text.digits(millisecondOfDay / 3_600_000, 2)
            text.mark(":")
            text.digits(millisecondOfDay / 60_000 % 60, 2)
            text.mark(":")
            text.digits(millisecondOfDay / 1000 % 60, 2)
            text.mark(".")
            text.digits(millisecondOfDay % 1000, 3)
            text.mark("Z")
            return text.position
        }
    }

    private static func writeExpandedYear(_ year: Int64, into buffer: inout ByteBuffer) {
        let digits = String(year.magnitude)
        buffer.writeString(year < 0 ? "-" : "+")
        buffer.writeRepeatingByte(UInt8(ascii: "0"), count: max(0, 6 - digits.utf8.count))
        buffer.writeString(digits)
    }

    /// The year, month and day of a day counted from 1970-01-01.
    static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        // Days from 0000-03-01, so that the leap day is the last of its year; eras are 400 years of 146,097 days.
        let shifted = day + 719_468
        let era = floorDivide(shifted, by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfMonth)
    }

    /// The day counted from 1970-01-01, the inverse of ``date(ofDay:)``.
    static func day(year: Int64, month: Int64, day: Int64) -> Int64 {
        let yearFromMarch = month <= 2 ? year - 1 : year
        let era = floorDivide(yearFromMarch, by: 400)
        let yearOfEra = yearFromMarch - era * 400
        let monthFromMarch = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The quotient rounded down, also below zero.
    static func floorDivide(_ dividend: Int64, by divisor: Int64) -> Int64 {
        let (quotient, remainder) = dividend.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Writes decimal digits and marks into room that suffices.
private struct TextWriter {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var position = 0

    init(_ room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    mutating func mark(_ mark: Unicode.Scalar) {
        room[position] = UInt8(ascii: mark)
        position += 1
    }

    mutating func digits(_ value: Int64, _ count: Int) {
        var rest = value
        for place in stride(from: position + count - 1, through: position, by: -1) {
            room[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
        position += count
    }
}
