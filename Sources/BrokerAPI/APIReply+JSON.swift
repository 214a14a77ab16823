import HTTPTypes
import JSONBytes
import NIOCore

extension APIReply {
    /// An answer that is one JSON object, whose fields the closure writes.
    static func json(
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        _ fields: (inout JSONWriter) -> Void
    ) -> APIReply {
        var json = JSONWriter(into: ByteBufferAllocator().buffer(capacity: usualBytes))
        json.beginObject()
        fields(&json)
        json.endObject()
        return .json(status: status, headers: headers, body: json.finish())
    }

    private static let jsonFields: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
    /// What most answers fit; larger ones grow.
    private static let usualBytes = 256

    /// An answer that is JSON already.
    static func json(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: ByteBuffer) -> APIReply {
        if headers.isEmpty { return APIReply(status: status, headers: jsonFields, body: .bytes(body)) }
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        return APIReply(status: status, headers: fields, body: .bytes(body))
    }
}
