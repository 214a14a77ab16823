public import RecordFormat

/// What became of looking for a request's route.
public enum RouteMatch: Sendable {
    /// A route, with names and query checked.
    case found(FoundRoute)
    /// No such path, another method, or a wrong name or query: answer this.
    case problem(APIReply)
}

/// A route that a request matched.
public struct FoundRoute: Sendable {
    /// The route.
    public let route: Route
    /// The largest body that the transport may collect for it.
    public let bodyBytesMax: ByteCount

    /// Whether its answer may have to wait for something that happens later.
    public var mayWait: Bool { query["wait"] != nil }

    /// Whether its body is taken while it comes, without a bound, beside the stream that answers it.
    public var streamsBody: Bool { route.action == .produce && ["true", "1"].contains(query["stream"]) }

    /// What the request asks for.
    let call: APICall
    /// The query, decoded and checked.
    let query: QueryParameters
}
