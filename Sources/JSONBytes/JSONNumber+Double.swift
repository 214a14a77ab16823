extension JSONNumber {
    /// The most bytes of a number without an exponent that need no closer look (200): the largest double has 309 digits.
    private static let plainBytesMax = 200

    /// Whether a raw number fits a double (IEEE 754, 64 bits): rounded, but not beyond the largest.
    public static func fitsDouble(_ raw: UnsafeRawBufferPointer) -> Bool {
        let exponent = raw.firstIndex { $0 | 0x20 == ASCII.e }
        if exponent == nil, raw.count <= plainBytesMax { return true }
        return Double(String(decoding: raw, as: UTF8.self))?.isFinite ?? false
    }

    /// Whether all numbers of a document that ``JSONValidator`` has accepted fit a double.
    ///
    /// One pass without allocation but for numbers with exponents or very many digits.
    public static func allFitDouble(_ document: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        while at < document.count {
            let byte = document[at]
            if byte == ASCII.quote {
                at = endOfString(document, at)
            } else if byte == ASCII.minus || ASCII.isDigit(byte) {
                let start = at
                repeat { at &+= 1 } while at < document.count && isPartOfNumber(document[at])
                guard fitsDouble(UnsafeRawBufferPointer(rebasing: document[start..<at])) else { return false }
            } else {
                at &+= 1
            }
        }
        return true
    }

    /// The place behind a string that begins at `start`.
    private static func endOfString(_ document: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var at = start &+ 1
        while at < document.count, document[at] != ASCII.quote {
            at &+= document[at] == ASCII.backslash ? 2 : 1
        }
        return at &+ 1
    }

    private static func isPartOfNumber(_ byte: UInt8) -> Bool {
        ASCII.isDigit(byte) || byte | 0x20 == ASCII.e || byte == ASCII.dot || byte == ASCII.minus || byte == ASCII.plus
    }
}
