import HTTPTypes

/// What a route takes and answers, for people and programs that read the OpenAPI document.
struct Operation: Sendable {
    /// A body in one media type.
    struct Content: Sendable {
        let mediaType: String
        let schema: Schema
        var example: String?

        static func json(_ model: Model) -> Content { Content(mediaType: "application/json", schema: .model(model)) }
        /// A stream as NDJSON.
        static var lines: Content { Content(mediaType: "application/x-ndjson", schema: .model(.event)) }
        /// A stream as server-sent events.
        static var serverSentEvents: Content {
            Content(mediaType: "text/event-stream", schema: .model(.serverSentEvent))
        }
        static func text(_ mediaType: String, example: String? = nil) -> Content {
            Content(mediaType: mediaType, schema: .string, example: example)
        }
    }

    /// An answer that is no refusal.
    struct Answer: Sendable {
        let status: Int
        let summary: String
        var contents: [Content] = []
        var fields: [HTTPField.Name] = []

        /// What an event source gets that comes back to a stream that has ended for good.
        static let nothingMore = Answer(status: 204, summary: "An event source is told to stop: there is nothing more.")

        static func json(_ model: Model, _ summary: String) -> Answer { .json(model, 200, summary) }
        static func json(_ model: Model, _ status: Int, _ summary: String) -> Answer {
            Answer(status: status, summary: summary, contents: [.json(model)])
        }
    }

    /// Its name, once in the document.
    let id: String
    /// The media types of the body that it takes.
    var bodies: [Content] = []
    /// Whether a request without a body is refused.
    var needsBody = false
    /// The header fields that it reads.
    var fields: [Route.Parameter] = []
    /// What it answers when it does what is asked.
    let answers: [Answer]
    /// Why it refuses, beyond what any route may refuse.
    var problems: [ProblemCode] = []

    /// Why any route may refuse, by its method.
    static func problems(of method: HTTPRequest.Method) -> [ProblemCode] {
        let body: [ProblemCode] = method == .get ? [] : [.bodyTooLarge, .tooManyBodies]
        return [.invalidRequest, .upgradeRequired, .internalError] + body
    }

    /// Codes that no operation has: of paths and methods that are none, and of browsers' questions.
    static let codesOfNoOperation: Set<ProblemCode> = [.noSuchPath, .methodNotAllowed, .originNotAllowed]
}

/// Refusals that many operations share.
extension [ProblemCode] {
    /// Of whatever needs a broker that serves.
    static var unready: [ProblemCode] { [.draining, .starting, .storageStalled] }
    /// Of whatever is on stable storage before it is answered.
    static var unwritten: [ProblemCode] {
        unready + [.quotaExceeded, .insufficientStorage, .outcomeUnknown, .partitionQuarantined, .requestTooLarge]
    }
    /// Of whatever is written for a group.
    static var groupUnwritten: [ProblemCode] { unwritten + [.notImplemented] }
    /// Of whatever names a member by its session.
    static var session: [ProblemCode] { [.invalidSession, .sessionExpired, .groupNotFound] }
    /// Of whatever joins a group.
    static var joining: [ProblemCode] {
        session + groupUnwritten + [.topicNotFound, .groupTopicsDiffer, .groupFull, .corrupt]
    }
    /// Of whatever reads records.
    static var reading: [ProblemCode] {
        unready + [
            .topicNotFound, .partitionNotFound, .invalidCursor, .tooManyPartitions, .framingNotSupported,
            .tooManyStreams, .cursorExpired, .cursorEpochChanged, .offsetBeyondTail, .corrupt, .notImplemented,
            .invalidFilter, .filterTooLarge, .invalidFields, .fieldsTooLarge,
        ]
    }
}
