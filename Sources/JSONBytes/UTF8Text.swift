/// Checking of raw UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF, nothing cut off.
enum UTF8Text {
    /// The length of the valid sequence that begins at `at` with a byte beyond ASCII, or 0 when it is not valid.
    ///
    ///     C2..DF 80..BF              E0 A0..BF 80..BF         ED 80..9F 80..BF         E1..EC, EE, EF 80..BF 80..BF
    ///     F0 90..BF 80..BF 80..BF    F1..F3 80..BF x 3        F4 80..8F 80..BF 80..BF
    @inline(__always)
    static func sequenceLength(_ bytes: UnsafeRawBufferPointer, at: Int) -> Int {
        let lead = bytes[at]
        let left = bytes.count &- at
        if lead < 0xE0 {
            return lead >= 0xC2 && left >= 2 && isContinuation(bytes[at &+ 1]) ? 2 : 0
        }
        if lead < 0xF0 {
            guard left >= 3, isContinuation(bytes[at &+ 2]) else { return 0 }
            let second = bytes[at &+ 1]
            let lowest: UInt8 = lead == 0xE0 ? 0xA0 : 0x80
            let highest: UInt8 = lead == 0xED ? 0x9F : 0xBF
            return second >= lowest && second <= highest ? 3 : 0
        }
        guard lead < 0xF5, left >= 4, isContinuation(bytes[at &+ 2]), isContinuation(bytes[at &+ 3]) else { return 0 }
        let second = bytes[at &+ 1]
        let lowest: UInt8 = lead == 0xF0 ? 0x90 : 0x80
        let highest: UInt8 = lead == 0xF4 ? 0x8F : 0xBF
        return second >= lowest && second <= highest ? 4 : 0
    }

    /// The place of the first byte that is not valid UTF-8, or nil when all is.
    static func firstInvalid(_ bytes: UnsafeRawBufferPointer) -> Int? {
        var at = 0
        while true {
            at = Words.first(in: bytes, from: at, marks: Words.beyondASCII, isMarked: { $0 >= 0x80 })
            guard at < bytes.count else { return nil }
            repeat {
                let length = sequenceLength(bytes, at: at)
                if length == 0 { return at }
                at &+= length
            } while at < bytes.count && bytes[at] >= 0x80
        }
    }

    /// Says what is wrong with the sequence at `at`, which ``sequenceLength(_:at:)`` refused.
    @inline(never)
    static func error(_ bytes: UnsafeRawBufferPointer, at: Int) -> JSONError {
        JSONError(byteOffset: at, reason: "invalid UTF-8: " + fault(bytes, at: at))
    }

    private static func fault(_ bytes: UnsafeRawBufferPointer, at: Int) -> String {
        let lead = bytes[at]
        let name = JSONError.hex(lead)
        if lead < 0xC0 { return "the byte \(name) continues a character that never began" }
        if lead < 0xC2 { return "the byte \(name) begins an overlong form" }
        if lead > 0xF4 { return "the byte \(name) never stands in UTF-8" }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        for next in (at + 1)..<(at + length) {
            guard next < bytes.count, isContinuation(bytes[next]) else {
                return "the character that begins with \(name) is cut off"
            }
        }
        switch lead {
        case 0xE0, 0xF0: return "the byte \(name) begins an overlong form"
        case 0xED: return "a surrogate (U+D800 to U+DFFF) must not be encoded"
        default: return "a character above U+10FFFF"
        }
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
