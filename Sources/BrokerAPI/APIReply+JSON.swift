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
        var json = JSONWriter()
        json.beginObject()
        fields(&json)
        json.endObject()
        return .json(status: status, headers: headers, body: json.finish())
    }

    /// An answer that is JSON already.
    static func json(status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], body: ByteBuffer) -> APIReply {
        var fields = headers
        fields[.contentType] = "application/json"
        fields[.cacheControl] = "no-store"
        return APIReply(status: status, headers: fields, body: .bytes(body))
    }
}
