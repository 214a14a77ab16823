import BrokerAPI
import HTTPTypes

/// Which requests go from the connection straight to the API.
///
/// Those that are many, and plain: a produce whose length is known, and what reads or streams, on a connection of which nothing
/// else is asked. Whatever needs a word before its body, or a refusal before it, is left to Hummingbird's way.
struct DirectRoutes: Sendable {
    let api: API
    let budget: BodyBudget

    /// The route of a request that is taken; nil leaves it to the other way.
    func route(of request: HTTPRequest) -> FoundRoute? {
        guard request.method == .post || request.method == .get, let target = request.path, isPlain(request),
            case .found(let found) = api.match(request.method, target: target)
        else { return nil }
        if request.method == .post { return takes(request, asProduceTo: found) ? found : nil }
        let isWhole = request.headerFields[.contentLength] == nil
        return found.route.isStreaming && isWhole && !found.mayWait ? found : nil
    }

    /// Whether nothing but the request itself is to be looked at.
    private func isPlain(_ request: HTTPRequest) -> Bool {
        guard request.authority != nil else { return false }
        return request.headerFields.allSatisfy { !Self.special.contains($0.name.canonicalName) }
    }

    private func takes(_ request: HTTPRequest, asProduceTo found: FoundRoute) -> Bool {
        guard found.route.action == .produce, !found.streamsBody,
            let bytes = request.headerFields[.contentLength].flatMap({ Int($0) }), bytes <= found.bodyBytesMax.value
        else { return false }
        return budget.admits(bytes) && api.refusal(before: found, declaredBytes: bytes) == nil
    }

    /// Fields that ask for more than an answer; a first Host is the request's authority, and none of its fields.
    private static let special: Set<String> = ["connection", "expect", "host", "transfer-encoding", "upgrade"]
}
