import HTTPTypes
import RecordFormat

/// The trace that a request belongs to (W3C Trace Context): it goes with each of its records as the header `traceparent`.
enum TraceContext {
    /// The header list of a request's trace; nil when there is none.
    ///
    /// A malformed one is passed over, as the standard asks.
    static func headers(of fields: HTTPFields) -> HeaderList? {
        guard let text = fields[.traceparent], isValid(text) else { return nil }
        var headers = HeaderList()
        headers.append(name: HeaderList.traceparent, value: text)
        return headers
    }

    /// `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`, with neither number zero.
    private static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == [2, 32, 16, 2], parts[0] != "ff" else { return false }
        let isHex = parts.joined().utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        return isHex && !parts[1...2].contains { $0.allSatisfy { $0 == "0" } }
    }
}
