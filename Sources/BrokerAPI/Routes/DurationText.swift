/// Lengths of time as people write them in a query: `500ms`, `30s`, `1m`, `1h`, or plain seconds.
enum DurationText {
    /// The milliseconds of a text; nil when it is not a length of time, or longer than a year.
    static func milliseconds(_ text: some StringProtocol) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, digits.utf8.count <= 12, let number = Int64(digits) else { return nil }
        guard let unit = millisecondsPerUnit(text.dropFirst(digits.count)) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || product > 365 * 24 * 3_600_000 ? nil : product
    }

    private static func millisecondsPerUnit(_ unit: some StringProtocol) -> Int64? {
        switch String(unit) {
        case "ms": 1
        case "", "s": 1000
        case "m": 60_000
        case "h": 3_600_000
        default: nil
        }
    }
}

extension Duration {
    /// The whole milliseconds of a duration.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
