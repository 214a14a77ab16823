extension JSONString {
    /// Whether the text that the raw string stands for begins with the text whose UTF-8 is given.
    ///
    /// - Parameter raw: the bytes between the quotes. A lone surrogate ends what can be compared.
    public static func hasPrefix(_ raw: UnsafeRawBufferPointer, utf8 prefix: UnsafeRawBufferPointer) -> Bool {
        var at = 0
        var matched = 0
        while matched < prefix.count {
            guard at < raw.count else { return false }
            if raw[at] == ASCII.backslash {
                guard let escape = JSONEscape.read(raw, at: at), !escape.isLoneSurrogate else { return false }
                let isSame = escape.forEachByte { byte in
                    defer { matched &+= 1 }
                    return matched >= prefix.count || prefix[matched] == byte
                }
                guard isSame else { return false }
                at = escape.end
            } else {
                guard prefix[matched] == raw[at] else { return false }
                matched &+= 1
                at &+= 1
            }
        }
        return true
    }
}
