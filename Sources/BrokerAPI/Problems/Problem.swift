import HTTPTypes
import JSONBytes
import NIOCore

/// An answer that says what went wrong: RFC 9457, with a code to branch on and whether to try again.
struct Problem: Error, Sendable {
    /// An extension member's value.
    indirect enum Value: Sendable {
        case string(String)
        case integer(Int64)
        case bool(Bool)
        case null
        case strings([String])
        case objects([[Member]])
        case object([Member])
    }

    /// An extension member.
    struct Member: Sendable {
        let name: String
        let value: Value

        init(_ name: String, _ value: Value) {
            self.name = name
            self.value = value
        }
    }

    /// What went wrong, for programs.
    let code: ProblemCode
    /// What, where, and what to do next, for people, in one sentence.
    let detail: String
    /// More for programs.
    var members: [Member]
    /// Header fields that go with it.
    var headers: HTTPFields
    /// Whether it is certain that nothing was changed.
    var hasNoSideEffects: Bool

    /// Creates a problem.
    init(
        _ code: ProblemCode,
        _ detail: String,
        members: [Member] = [],
        headers: HTTPFields = [:],
        hasNoSideEffects: Bool = true
    ) {
        self.code = code
        self.detail = detail
        self.members = members
        self.headers = headers
        self.hasNoSideEffects = hasNoSideEffects
    }

    /// The whole answer.
    var reply: APIReply {
        var json = JSONWriter()
        json.beginObject()
        write(to: &json)
        json.endObject()
        var fields = headers
        fields[.contentType] = "application/problem+json"
        fields[.cacheControl] = "no-store"
        return APIReply(status: code.status, headers: fields, body: .bytes(json.finish()))
    }

    /// Writes the members into an object that is open: for the answer, an item of a mixed answer, or an `error` event.
    func write(to json: inout JSONWriter) {
        json.key("type")
        json.string("/problems/\(code.rawValue)")
        json.key("title")
        json.string(code.title)
        json.key("status")
        json.integer(code.status.code)
        json.key("detail")
        json.string(detail)
        json.key("code")
        json.string(code.rawValue)
        json.key("retryable")
        json.bool(code.isRetryable)
        json.key("noSideEffects")
        json.bool(hasNoSideEffects)
        Self.write(members, to: &json)
    }

    private static func write(_ members: [Member], to json: inout JSONWriter) {
        for member in members {
            json.key(member.name)
            write(member.value, to: &json)
        }
    }

    private static func write(_ value: Value, to json: inout JSONWriter) {
        switch value {
        case .string(let text): json.string(text)
        case .integer(let number): json.integer(number)
        case .bool(let claim): json.bool(claim)
        case .null: json.null()
        case .strings(let texts):
            json.beginArray()
            for text in texts { json.string(text) }
            json.endArray()
        case .object(let members):
            json.beginObject()
            write(members, to: &json)
            json.endObject()
        case .objects(let objects):
            json.beginArray()
            for members in objects { write(.object(members), to: &json) }
            json.endArray()
        }
    }

    /// The beginning of a text that a client sent, made harmless for a message.
    static func shown(_ text: some StringProtocol) -> String {
        let scalars = text.unicodeScalars
        let shown = scalars.prefix(60).map { $0.escaped(asASCII: true) }.joined()
        return scalars.dropFirst(60).isEmpty ? shown : shown + "..."
    }
}
