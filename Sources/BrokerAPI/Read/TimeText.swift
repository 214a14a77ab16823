import RecordFormat

/// Times in a query.
enum TimeText {
    /// The time that the text of a field tells; nil when it does not look like one.
    ///
    /// - Throws: `invalid-request` for one that begins as RFC 3339 does and is none.
    static func time(_ text: String, of field: String) throws(Problem) -> Timestamp? {
        guard looksLikeTime(text) else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw .invalidRequest(
                "\(field) is not a time as RFC 3339 writes it: 2026-11-21T10:00:00Z, not \"\(Problem.shown(text))\";"
                    + " a + is sent as %2B"
            )
        }
        return time
    }

    /// Whether a text begins as RFC 3339 does.
    private static func looksLikeTime(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(11))
        return bytes.count == 11 && bytes[4] == UInt8(ascii: "-") && bytes[7] == UInt8(ascii: "-")
            && (bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "))
    }
}
