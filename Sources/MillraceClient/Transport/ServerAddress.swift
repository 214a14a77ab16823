/// The text form of addresses, paths and queries (RFC 3986).
enum ServerAddress {
    /// The address without a trailing slash, if it is an `http` or `https` URL.
    static func validated(_ text: String) throws(MillraceError) -> String {
        var address = text[...]
        while address.hasSuffix("/") { address = address.dropLast() }
        for scheme in ["http://", "https://"] where address.hasPrefix(scheme) && address.count > scheme.count {
            try checkPort(of: address.dropFirst(scheme.count), in: text)
            return String(address)
        }
        throw .invalidArgument("'\(text)' is not a server address; it looks like http://127.0.0.1:8080")
    }

    /// The HTTP library traps on a port that no socket can have.
    private static func checkPort(of address: Substring, in text: String) throws(MillraceError) {
        let authority = address.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        // An IPv6 address is in brackets and has colons of its own.
        let host = authority.lastIndex(of: "]").map { authority[$0...] } ?? authority
        guard let colon = host.lastIndex(of: ":") else { return }
        let port = host[host.index(after: colon)...]
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw .invalidArgument("'\(text)' is not a server address: a port is a number from 1 to 65535")
        }
    }

    /// One path segment or query value, with all but the unreserved characters percent-encoded.
    static func encoded(_ text: String) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                result.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                result += byte < 16 ? "%0" : "%"
                result += String(byte, radix: 16, uppercase: true)
            }
        }
        return result
    }

    /// The path of segments and the query of those items that have a value.
    static func target(_ segments: [String], query: [(name: String, value: String?)] = []) -> String {
        let path = segments.map { "/" + encoded($0) }.joined()
        let items = query.compactMap { item in item.value.map { "\(item.name)=\(encoded($0))" } }
        return items.isEmpty ? path : path + "?" + items.joined(separator: "&")
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }
}
