extension JSONNumber {
    /// Whether `raw` is a number as RFC 8259 writes it, with an exponent of at most nine digits.
    public static func isNumber(_ raw: UnsafeRawBufferPointer) -> Bool { JSONDecimal(raw) != nil }

    /// Whether two raw numbers have the same value, exactly: `1`, `1.0` and `10e-1` have, however many digits there are.
    ///
    /// Nothing is rounded and nothing allocated. One whose exponent has more than nine digits equals what is written the same.
    public static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard let left = JSONDecimal(left), let right = JSONDecimal(right) else { return Words.areEqual(left, right) }
        if left.digits.isEmpty || right.digits.isEmpty { return left.digits.isEmpty && right.digits.isEmpty }
        guard left.isNegative == right.isNegative, left.exponent == right.exponent else { return false }
        return left.hasDigits(of: right)
    }
}

/// The exact value of a raw number: the digits from its first to its last that is not 0, and where the first one stands.
///
///     -0012.3400e5    isNegative, digits "12.34", exponent 6: the first digit counts ten to the sixth
private struct JSONDecimal {
    private let raw: UnsafeRawBufferPointer
    let isNegative: Bool
    /// Places in the text, a dot may stand between; empty for every form of zero.
    let digits: Range<Int>
    /// The power of ten that the first digit counts.
    let exponent: Int

    /// The most digits of an exponent: beyond, sums of it could overflow, and nobody means it.
    private static let exponentDigitsMax = 9

    init?(_ raw: UnsafeRawBufferPointer) {
        self.raw = raw
        isNegative = raw.first == ASCII.minus
        let start = isNegative ? 1 : 0
        let dot = Self.endOfDigits(raw, start)
        guard dot > start, raw[start] != ASCII.zero || dot == start + 1 else { return nil }
        var end = dot
        if end < raw.count, raw[end] == ASCII.dot {
            end = Self.endOfDigits(raw, dot + 1)
            guard end > dot + 1 else { return nil }
        }
        guard let power = Self.power(raw, from: end) else { return nil }
        var first = start
        while first < end, raw[first] == ASCII.zero || raw[first] == ASCII.dot { first += 1 }
        var last = end
        while last > first, raw[last - 1] == ASCII.zero || raw[last - 1] == ASCII.dot { last -= 1 }
        digits = first..<last
        exponent = power + (first < dot ? dot - first - 1 : dot - first)
    }

    /// Whether both have the same digits; a dot is none.
    func hasDigits(of other: JSONDecimal) -> Bool {
        var (at, there) = (digits.lowerBound, other.digits.lowerBound)
        while true {
            if at < digits.upperBound, raw[at] == ASCII.dot { at += 1 }
            if there < other.digits.upperBound, other.raw[there] == ASCII.dot { there += 1 }
            guard at < digits.upperBound, there < other.digits.upperBound else {
                return at == digits.upperBound && there == other.digits.upperBound
            }
            guard raw[at] == other.raw[there] else { return false }
            at += 1
            there += 1
        }
    }

    private static func endOfDigits(_ raw: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start
        while at < raw.count, ASCII.isDigit(raw[at]) { at += 1 }
        return at
    }

    /// The exponent that stands from `start` to the end; 0 when nothing does.
    private static func power(_ raw: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard start < raw.count else { return 0 }
        guard raw[start] == ASCII.e || raw[start] == ASCII.upperE else { return nil }
        var at = start + 1
        let isNegative = at < raw.count && raw[at] == ASCII.minus
        if isNegative || (at < raw.count && raw[at] == ASCII.plus) { at += 1 }
        guard at < raw.count, raw.count - at <= exponentDigitsMax else { return nil }
        var power = 0
        for index in at..<raw.count {
            guard ASCII.isDigit(raw[index]) else { return nil }
            power = power * 10 + Int(raw[index] - ASCII.zero)
        }
        return isNegative ? -power : power
    }
}
