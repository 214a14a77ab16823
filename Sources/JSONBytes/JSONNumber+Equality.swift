extension JSONNumber {
    /// Whether two raw numbers have the same value: `1`, `1.0` and `10e-1` do, however many digits they have.
    public static func areEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        Decimal(left) == Decimal(right)
    }

    /// A number as a fraction below one times ten to a power, without zeros at either end: the same for all that are equal.
    private struct Decimal: Equatable {
        var isNegative = false
        var digits: [UInt8] = []
        var exponent = 0

        init(_ raw: UnsafeRawBufferPointer) {
            var at = 0
            if raw.first == ASCII.minus {
                isNegative = true
                at = 1
            }
            var isFraction = false
            while at < raw.count, raw[at] | 0x20 != ASCII.e {
                if raw[at] == ASCII.dot {
                    isFraction = true
                } else if raw[at] == ASCII.zero, digits.isEmpty {
                    if isFraction { exponent -= 1 }
                } else {
                    digits.append(raw[at])
                    if !isFraction { exponent += 1 }
                }
                at += 1
            }
            while digits.last == ASCII.zero { digits.removeLast() }
            guard !digits.isEmpty else {
                (isNegative, exponent) = (false, 0)
                return
            }
            let power = at < raw.count ? Self.power(UnsafeRawBufferPointer(rebasing: raw[(at + 1)...])) : 0
            let (sum, isOverflow) = exponent.addingReportingOverflow(power)
            exponent = isOverflow ? (power < 0 ? .min : .max) : sum
        }

        /// The exponent after its `e`; one that has no number stands at the largest or smallest.
        private static func power(_ raw: UnsafeRawBufferPointer) -> Int {
            let isNegative = raw.first == ASCII.minus
            var value = 0
            for byte in raw where ASCII.isDigit(byte) {
                let (tens, tensOverflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, sumOverflow) = tens.addingReportingOverflow(Int(byte &- ASCII.zero))
                if tensOverflow || sumOverflow { return isNegative ? .min : .max }
                value = sum
            }
            return isNegative ? -value : value
        }
    }
}
