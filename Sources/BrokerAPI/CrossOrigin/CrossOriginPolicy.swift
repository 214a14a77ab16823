import HTTPTypes

/// Which web pages of other origins may use the API (Fetch standard, CORS; RFC 6454 for origins).
///
/// Browsers enforce it; whoever is no browser sends no `Origin` and is not asked. There are no credentials in it, since
/// there is no authentication.
public struct CrossOriginPolicy: Hashable, Sendable {
    /// Who may.
    private enum Admitted: Hashable, Sendable {
        case everybody
        case listed(Set<String>)
    }

    /// Why a text names no origin.
    public struct Invalid: Error, CustomStringConvertible {
        /// What is wrong, and what is right.
        public let description: String
    }

    private let admitted: Admitted

    /// A policy for some origins, such as `https://app.example` or `http://localhost:3000`, or for all: `*`.
    public init(origins: [String]) throws(Invalid) {
        if origins.contains("*") {
            admitted = .everybody
            return
        }
        var listed: Set<String> = []
        for origin in origins { listed.insert(try Self.checked(origin)) }
        admitted = .listed(listed)
    }

    /// Whether a page of this origin may use what the broker at `host` serves; a page of the broker's own may.
    func admits(_ origin: String, host: String?) -> Bool {
        switch admitted {
        case .everybody: return true
        case .listed(let listed):
            let origin = origin.lowercased()
            guard !listed.contains(origin) else { return true }
            return host.map { Self.authority(of: origin) == Substring($0.lowercased()) } ?? false
        }
    }

    /// What an answer says of an origin; nil when it says nothing, which a browser takes as no.
    func value(for origin: String) -> String? {
        switch admitted {
        case .everybody: "*"
        case .listed(let listed): listed.contains(origin.lowercased()) ? origin : nil
        }
    }

    /// Whether answers depend on who asks, which caches must know.
    var varies: Bool { admitted != .everybody }

    private static func authority(of origin: String) -> Substring? {
        origin.firstRange(of: "://").map { origin[$0.upperBound...] }
    }

    /// An origin as browsers send it: scheme, host, and the port if it is not the scheme's own.
    private static func checked(_ text: String) throws(Invalid) -> String {
        let origin = text.lowercased()
        guard origin.hasPrefix("http://") || origin.hasPrefix("https://"), let authority = authority(of: origin),
            isAuthority(authority)
        else {
            throw Invalid(
                description:
                    "an origin is a scheme, a host and perhaps a port, such as https://app.example or "
                    + "http://localhost:3000, or * for all, not '\(Problem.shown(text))'"
            )
        }
        let own = origin.hasPrefix("https:") ? ":443" : ":80"
        if origin.hasSuffix(own) {
            throw Invalid(description: "browsers leave \(own) out of an origin: '\(origin.dropLast(own.count))'")
        }
        return origin
    }

    /// A host, also in brackets, and perhaps a port; no path, no user, no wildcard.
    private static func isAuthority(_ text: Substring) -> Bool {
        let parts = text.split(separator: "]", omittingEmptySubsequences: false)
        guard parts.count <= 2, let tail = parts.last else { return false }
        if parts.count == 2 { return text.hasPrefix("[") && (tail.isEmpty || isPort(tail)) }
        let pieces = tail.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let isHost = !pieces[0].isEmpty && pieces[0].utf8.allSatisfy(isHostByte)
        return isHost && (pieces.count == 1 || isPort(":" + pieces[1]))
    }

    private static func isPort(_ text: some StringProtocol) -> Bool {
        text.hasPrefix(":") && (UInt16(text.dropFirst()) ?? 0) > 0
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
