import HTTPTypes
import RecordFormat

/// All routes, and the way to find the one that a request means.
public struct RouteTable: Sendable {
    /// The routes, each once; those under `/v1/` also exist under `/v1/namespaces/{namespace}/`.
    public let routes: [Route]

    /// Creates a table.
    init(_ routes: [Route]) {
        self.routes = routes
    }

    /// Finds the route of a request target and checks its names and its query.
    func find(
        _ method: HTTPRequest.Method,
        target: String,
        limits: Limits
    ) throws(Problem) -> FoundRoute {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let (namespace, candidates) = try candidates(parts.first ?? "")
        guard let (route, raw) = candidates.first(where: { $0.0.method == method }) else {
            throw Problem.methodNotAllowed(
                method,
                allowed: candidates.flatMap { $0.0.takesHead ? [.get, .head] : [$0.0.method] }
            )
        }
        let call = try route.call(PathArguments(namespace: namespace, raw: raw))
        let query = try QueryParameters(parts.count > 1 ? parts[1] : "", known: route.parameters)
        return FoundRoute(route: route, bodyBytesMax: route.bodyBytesMax(limits), call: call, query: query)
    }

    /// The methods that the path of a request target takes.
    func methods(target: String) throws(Problem) -> [HTTPRequest.Method] {
        try candidates(target.prefix { $0 != "?" }).routes.map { $0.0.method }
    }

    /// The routes of a path, at least one, each with what stands at its parameters.
    private func candidates(
        _ path: Substring
    ) throws(Problem) -> (Namespace, routes: [(Route, [(name: Substring, raw: Substring)])]) {
        let (namespace, segments) = try Self.withoutNamespace(Self.split(path))
        let candidates = matching(segments)
        guard !candidates.isEmpty else { throw Problem.noSuchPath(String(path)) }
        return (namespace, candidates)
    }

    private func matching(_ segments: [Substring]) -> [(Route, [(name: Substring, raw: Substring)])] {
        routes.compactMap { route in
            RoutePattern.match(route.segments, segments).map { (route, $0) }
        }
    }

    /// The segments of a path as they were sent: an encoded slash does not part two segments.
    private static func split(_ path: Substring) -> [Substring] {
        var segments = path.split(separator: "/", omittingEmptySubsequences: false)
        if segments.first == "" { segments.removeFirst() }
        // Kubernetes' clients ask for `/apis/` as well as for `/apis`.
        if segments.count > 1, segments.last == "", KubernetesFacade.owns(path) { segments.removeLast() }
        return Array(segments)
    }

    /// Takes the long form's namespace off: `/v1/namespaces/{namespace}/topics` is `/v1/topics` there.
    private static func withoutNamespace(_ path: [Substring]) throws(Problem) -> (Namespace, [Substring]) {
        guard path.count >= 4, path[0] == "v1", path[1] == "namespaces" else { return (.default, path) }
        guard let name = PercentDecoding.decode(path[2], plusIsSpace: false) else {
            throw Problem.invalidRequest("the {namespace} in the path is not percent-encoded UTF-8")
        }
        do {
            return (try Namespace(validating: name), ["v1"] + path[3...])
        } catch {
            throw Problem(error, of: "namespace")
        }
    }
}
