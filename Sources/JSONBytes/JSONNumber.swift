/// Reading numbers from their raw text.
public enum JSONNumber {
    /// The integer that `raw` spells, or nil when it is not one or does not fit.
    ///
    /// Only `-?digits` without a leading zero count: `1.0` and `1e3` are nil, since a caller that wants an offset or a
    /// count should be told so rather than be given a rounding.
    public static func integer(_ raw: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = raw.first == ASCII.minus
        let first = isNegative ? 1 : 0
        guard raw.count > first, raw[first] != ASCII.zero || raw.count == first + 1 else { return nil }
        var value: Int64 = 0
        for at in first..<raw.count {
            guard ASCII.isDigit(raw[at]) else { return nil }
            let digit = Int64(raw[at] &- ASCII.zero)
            // Counting below zero reaches Int64.min, whose magnitude has no positive Int64.
            let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = tens.subtractingReportingOverflow(digit)
            guard !tensOverflow, !sumOverflow else { return nil }
            value = sum
        }
        guard !isNegative else { return value }
        return value == .min ? nil : -value
    }
}
