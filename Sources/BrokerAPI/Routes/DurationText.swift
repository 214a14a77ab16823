/// Lengths of time as people write them in a query: `500ms`, `30s`, `1m`, `1h`, or plain seconds.
enum DurationText {
    /// The longest that is told apart; whatever is longer counts as this, and every use has a bound far below it.
    private static let millisecondsMax: Int64 = 365 * 24 * 3_600_000

    /// The milliseconds of a text, at most a year; nil when it is not a length of time.
    static func milliseconds(_ text: some StringProtocol) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard !digits.isEmpty, let unit = millisecondsPerUnit(text.dropFirst(digits.count)) else { return nil }
        let (product, overflow) = (Int64(digits) ?? .max).multipliedReportingOverflow(by: unit)
        return overflow ? millisecondsMax : min(product, millisecondsMax)
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
