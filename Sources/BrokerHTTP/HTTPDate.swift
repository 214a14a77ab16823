/// The date of an answer in the one format that HTTP sends (RFC 9110 section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text of a moment in whole seconds since 1970, not before it.
    static func text(secondsSinceEpoch: Int64) -> String {
        let seconds = max(secondsSinceEpoch, 0)
        let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
        let date = civil(days: days)
        // 1 January 1970 was a Thursday.
        let weekday = weekdays[Int(days % 7)]
        let time = "\(padded(rest / 3600)):\(padded(rest / 60 % 60)):\(padded(rest % 60))"
        return "\(weekday), \(padded(date.day)) \(months[date.month - 1]) \(date.year) \(time) GMT"
    }

    /// The date of a day since 1970, counted in eras of 400 years from 1 March of year 0 (Howard Hinnant,
    /// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`), so that the leap day comes last.
    private static func civil(days: Int64) -> (year: Int64, month: Int, day: Int64) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func padded(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

/// The date of a connection's last answer, so that the text is made once a second.
struct WrittenDate {
    private var seconds: Int64 = -1
    private var written = ""

    /// The text of a moment in whole seconds since 1970.
    mutating func text(secondsSinceEpoch: Int64) -> String {
        if secondsSinceEpoch != seconds {
            seconds = secondsSinceEpoch
            written = HTTPDate.text(secondsSinceEpoch: secondsSinceEpoch)
        }
        return written
    }
}
