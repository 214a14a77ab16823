public import HTTPTypes

extension API {
    /// The fields by which an answer tells a browser who may read it, refusals and streams included; none without a policy.
    public func crossOriginFields(for request: HTTPFields) -> HTTPFields {
        guard let policy = configuration.crossOrigin else { return [:] }
        var fields: HTTPFields = [:]
        if policy.varies { fields[.vary] = "Origin" }
        guard let origin = request[.origin], let value = policy.value(for: origin) else { return fields }
        fields[.accessControlAllowOrigin] = value
        fields[.accessControlExposeHeaders] = CrossOriginFields.exposed
        return fields
    }

    /// The answer to a browser that asks, before the request that it is about, whether it may be sent.
    ///
    /// - Returns: nil when this is no such question, or when there is no policy: an OPTIONS request like any other.
    public func preflight(_ method: HTTPRequest.Method, target: String, fields: HTTPFields) -> APIReply? {
        guard method == .options, let policy = configuration.crossOrigin, let origin = fields[.origin],
            fields[.accessControlRequestMethod] != nil
        else { return nil }
        guard policy.value(for: origin) != nil else { return Problem.originNotAllowed(origin).reply(to: target) }
        do throws(Problem) {
            let methods = try Self.routes.methods(target: target)
            var answer: HTTPFields = [:]
            answer[.accessControlAllowMethods] = methods.map(\.rawValue).joined(separator: ", ")
            answer[.accessControlAllowHeaders] = CrossOriginFields.allowed(
                asked: fields[values: .accessControlRequestHeaders]
            )
            answer[.accessControlMaxAge] = String(CrossOriginFields.maxAgeSeconds)
            answer[.cacheControl] = "no-store"
            return APIReply(status: .noContent, headers: answer)
        } catch {
            return error.reply(to: target)
        }
    }

    /// Refuses a conversation that a page of another origin asks for.
    ///
    /// A browser sends the handshake of a WebSocket without asking before, so whoever has a list of origins is asked here.
    func checkOrigin(of handshake: APIRequest) throws(Problem) {
        guard let policy = configuration.crossOrigin, let origin = handshake.headers[.origin] else { return }
        guard policy.admits(origin, host: handshake.authority) else { throw .originNotAllowed(origin) }
    }
}

/// The names of fields that pages of other origins may send and read.
enum CrossOriginFields {
    /// How long a browser may remember the answer: two hours, the most that Chromium does.
    static let maxAgeSeconds = 7200

    /// What a page may read, beyond what every page may.
    static let exposed = joined([
        .groupMember, .groupEpoch, .groupSession, .producerEpoch, .producerSeq, .producerExpectedSeq,
        .producerReceivedSeq, .retryAfter, .allow, .eTag,
    ])

    /// What a page may send, beyond what every page may.
    private static let known: [HTTPField.Name] = [
        .accept, .contentType, .contentEncoding, .cacheControl, .lastEventID, .recordKey, .producerID, .producerEpoch,
        .producerSeq, .groupSession, .traceparent, .tracestate, .ceSpecVersion,
        .ifMatch, .ifNoneMatch,
    ]

    /// The known names, and of what is asked for whatever may be an attribute of a CloudEvent.
    static func allowed(asked: [String]) -> String {
        let events = asked.flatMap { $0.split(separator: ",") }
            .map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            .filter { $0.hasPrefix("ce-") && $0 != "ce-specversion" && HTTPField.Name($0) != nil }
        return ([joined(known)] + events).joined(separator: ", ")
    }

    private static func joined(_ names: [HTTPField.Name]) -> String {
        names.map(\.rawName).joined(separator: ", ")
    }
}
