import BrokerCore
import HTTPTypes
import JSONBytes

/// What became of a request, as Kubernetes says it: `kind: Status`.
///
///     {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"...","reason":"NotFound",
///      "details":{"name":"AAPL","group":"millrace.dev","kind":"prices"},"code":404}
///
/// Programs branch on the reason and the code, people read the message.
struct KubernetesStatus: Error, Sendable {
    /// What a request is about.
    struct Subject: Hashable, Sendable {
        let resource: String
        var name: String?
        var uid: String?
    }

    /// One of several things that are wrong.
    struct Cause: Sendable {
        let reason: String
        let message: String
        let field: String
    }

    /// Why, for programs.
    enum Reason: String, Sendable {
        case badRequest = "BadRequest"
        case forbidden = "Forbidden"
        case notFound = "NotFound"
        case methodNotAllowed = "MethodNotAllowed"
        case notAcceptable = "NotAcceptable"
        case alreadyExists = "AlreadyExists"
        case conflict = "Conflict"
        case expired = "Expired"
        case requestEntityTooLarge = "RequestEntityTooLarge"
        case unsupportedMediaType = "UnsupportedMediaType"
        case invalid = "Invalid"
        case tooManyRequests = "TooManyRequests"
        case internalError = "InternalError"
        case serviceUnavailable = "ServiceUnavailable"
        case timeout = "Timeout"
        /// None of Kubernetes' own.
        case unknown = ""
    }

    let code: HTTPResponse.Status
    let reason: Reason
    let message: String
    var causes: [Cause] = []
    var headers: HTTPFields = [:]
    var subject: Subject?

    /// The whole answer.
    var reply: APIReply {
        .json(status: code, headers: headers) { write(to: &$0) }
    }

    /// Writes the fields into an object that is open.
    func write(to json: inout JSONWriter) {
        json.field("kind", "Status")
        json.field("apiVersion", "v1")
        json.object("metadata") { _ in }
        let isFailure = code.kind != .successful
        json.field("status", isFailure ? "Failure" : "Success")
        if isFailure {
            json.field("message", message)
            // Clients read it even where it is empty.
            json.field("reason", reason.rawValue)
        }
        json.object("details") { writeDetails(to: &$0) }
        json.field("code", Int64(code.code))
    }

    private func writeDetails(to json: inout JSONWriter) {
        if let subject {
            if let name = subject.name { json.field("name", name) }
            json.field("group", KubernetesNames.group)
            json.field("kind", subject.resource)
            if let uid = subject.uid { json.field("uid", uid) }
        }
        if !causes.isEmpty {
            json.list("causes", causes) { cause, json in
                json.beginObject()
                json.field("reason", cause.reason)
                json.field("message", cause.message)
                if !cause.field.isEmpty { json.field("field", cause.field) }
                json.endObject()
            }
        }
        if let seconds = headers[.retryAfter].flatMap({ Int64($0) }) { json.field("retryAfterSeconds", seconds) }
    }
}
