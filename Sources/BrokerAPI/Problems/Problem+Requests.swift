import HTTPTypes
import RecordFormat

/// The refusals that the API itself decides, before the engine is asked.
extension Problem {
    /// A request that is wrong in a way that its detail tells.
    static func invalidRequest(_ detail: String, members: [Member] = []) -> Problem {
        Problem(.invalidRequest, detail, members: members)
    }

    /// A name that its route, document or record does not know.
    static func unknownName(_ name: String, what: String, known: [String]) -> Problem {
        let list = known.isEmpty ? "there are none here" : "known are \(known.joined(separator: ", "))"
        return invalidRequest(
            "the \(what) \"\(shown(name))\" is unknown; \(list)",
            members: [Member("unknown", .string(shown(name))), Member("known", .strings(known))]
        )
    }

    /// A name that is not allowed.
    init(_ error: NameError, of what: String) {
        self = .invalidRequest("\(what): \(error.description)", members: [Member("field", .string(what))])
    }

    /// A path that no route has.
    static func noSuchPath(_ path: String) -> Problem {
        Problem(.noSuchPath, "no route has the path \(shown(path)); a slash within a name cannot be sent")
    }

    /// A path that has other methods.
    static func methodNotAllowed(_ method: HTTPRequest.Method, allowed: [HTTPRequest.Method]) -> Problem {
        let list = allowed.map(\.rawValue).joined(separator: ", ")
        return Problem(
            .methodNotAllowed,
            "this path takes \(list), not \(shown(method.rawValue))",
            headers: [.allow: list]
        )
    }

    /// A web page that no `--cors-origin` names.
    static func originNotAllowed(_ origin: String) -> Problem {
        Problem(
            .originNotAllowed,
            "pages of \(shown(origin)) may not use this broker; start it with --cors-origin to let them",
            members: [Member("origin", .string(shown(origin)))]
        )
    }

    /// A body beyond its route's limit.
    static func bodyTooLarge(_ max: ByteCount) -> Problem {
        Problem(
            .bodyTooLarge,
            "the body is larger than the \(max) that this route takes; send it in parts",
            members: [Member("maxBytes", .integer(Int64(max.value)))]
        )
    }

    /// A line beyond the limit of a body that is read as it comes.
    static func lineTooLarge(_ line: Int, bodyOffset: Int, max: ByteCount) -> Problem {
        var problem = RecordPlace.streamedLine(line, bodyOffset: bodyOffset).problem(
            .lineTooLarge,
            "a line takes at most \(max)",
            byteOffset: 0
        )
        problem.members.append(Member("maxBytes", .integer(Int64(max.value))))
        return problem
    }

    /// A streamed request that brings nothing.
    static func streamIdle(_ max: Duration) -> Problem {
        Problem(
            .streamIdle,
            "nothing came for \(max.wholeMilliseconds / 1000) s; begin another stream at the line after the last that is stored, "
                + "and send a blank line now and then"
        )
    }

    /// A body for which there is no room among all those that are coming in.
    static var tooManyBodies: Problem {
        Problem(
            .tooManyBodies,
            "as many bodies are coming in as the broker holds at a time; try again in a moment",
            headers: [.retryAfter: "1"]
        )
    }

    /// A stream of a principal that has as many as it may have.
    static func tooManyStreams(max: Int) -> Problem {
        Problem(
            .tooManyStreams,
            "as many streams are open as one client may have, \(max); close some, or watch several topics with one",
            members: [Member("max", .integer(Int64(max)))],
            headers: [.retryAfter: "5"]
        )
    }

    /// A new stream or a write while the broker goes away.
    static var draining: Problem {
        Problem(.draining, "the broker is going away; connect again in a moment", headers: [.retryAfter: "1"])
    }

    /// A request to a broker that does not serve yet.
    static var starting: Problem {
        Problem(.starting, "the broker is still reading its log; try again in a moment", headers: [.retryAfter: "1"])
    }
}
