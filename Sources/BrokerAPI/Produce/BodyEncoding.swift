import HTTPTypes
import NIOCore
import RecordFormat

/// Undoes the `Content-Encoding` of a request's body.
enum BodyEncoding {
    /// The body as it was before it was compressed, at most `bytesMax` of it.
    static func decode(_ body: ByteBuffer, _ encoding: String?, bytesMax: ByteCount) throws(Problem) -> ByteBuffer {
        switch encoding?.lowercased() {
        case nil, "identity": return body
        case "gzip", "x-gzip": return try inflate(body, bytesMax)
        case .some(let other):
            throw Problem(
                .unsupportedMediaType,
                "the Content-Encoding \"\(Problem.shown(other))\" is not supported; send gzip, or the body as it is",
                headers: [.acceptEncoding: "gzip"]
            )
        }
    }

    private static func inflate(_ body: ByteBuffer, _ bytesMax: ByteCount) throws(Problem) -> ByteBuffer {
        do throws(FormatError) {
            return try body.withUnsafeReadableBytes { (bytes) throws(FormatError) in
                try Gzip.inflate(bytes, bytesMax: bytesMax)
            }
        } catch  where error.kind == .tooLarge {
            throw Problem(
                .bodyTooLarge,
                "the body is larger than \(bytesMax) when it is inflated; send it in parts",
                members: [Problem.Member("maxBytes", .integer(Int64(bytesMax.value)))]
            )
        } catch {
            throw RecordPlace.body.invalid("not the gzip that its Content-Encoding claims: \(error)")
        }
    }
}
