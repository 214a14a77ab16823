import HTTPTypes
import RecordFormat

/// All routes, and the way to find the one that a request means.
public struct RouteTable: Sendable {
    /// The routes, each once; those under `/v1/` also exist under `/v1/namespaces/{namespace}/`.
    public let routes: [Route]
    private let tree: RouteTree

    /// Creates a table.
    init(_ routes: [Route]) {
        self.routes = routes
        var tree = RouteTree()
        for (index, route) in routes.enumerated() { tree.add(index, at: route.segments[...]) }
        self.tree = tree
    }

    /// Finds the route of a request target and checks its names and its query.
    func find(
        _ method: HTTPRequest.Method,
        target: String,
        limits: Limits
    ) throws(Problem) -> FoundRoute {
        let (path, query) = Self.parts(of: target)
        let (namespace, segments) = try Self.withoutNamespace(Self.split(path))
        let candidates = try candidates(segments, path)
        guard let route = candidates.lazy.map({ routes[$0] }).first(where: { $0.method == method }) else {
            let allowed = candidates.map { routes[$0] }
            throw Problem.methodNotAllowed(
                method,
                allowed: allowed.flatMap { $0.takesHead ? [.get, .head] : [$0.method] }
            )
        }
        let call = try route.call(PathArguments(namespace: namespace, pattern: route.segments, path: segments))
        return FoundRoute(
            route: route,
            bodyBytesMax: route.bodyBytesMax(limits),
            call: call,
            query: try QueryParameters(query, known: route.parameters)
        )
    }

    /// The methods that the path of a request target takes.
    func methods(target: String) throws(Problem) -> [HTTPRequest.Method] {
        let path = Self.parts(of: target).path
        return try candidates(Self.withoutNamespace(Self.split(path)).1, path).map { routes[$0].method }
    }

    /// The routes of a path, at least one, in the order of the table.
    private func candidates(_ segments: [Substring], _ path: Substring) throws(Problem) -> [Int] {
        var found: [Int] = []
        tree.find(segments, &found)
        guard !found.isEmpty else { throw Problem.noSuchPath(String(path)) }
        return found.sorted()
    }

    private static func parts(of target: String) -> (path: Substring, query: Substring) {
        guard let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) else { return (target[...], "") }
        return (target[..<mark], target[target.utf8.index(after: mark)...])
    }

    /// The segments of a path as they were sent: an encoded slash does not part two segments.
    private static func split(_ path: Substring) -> [Substring] {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var segments = parts.map(Substring.init)
        if segments.first?.isEmpty == true { segments.removeFirst() }
        // Kubernetes' clients ask for `/apis/` as well as for `/apis`.
        if segments.count > 1, segments.last?.isEmpty == true, KubernetesFacade.owns(path) { segments.removeLast() }
        return segments
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
