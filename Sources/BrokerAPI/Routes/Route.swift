public import HTTPTypes
public import RecordFormat

/// One route as data: what it matches, what it needs, and what it says of itself.
///
/// There is one of each in the table, and every request refers to its own: a class, for it has many parts to copy.
public final class Route: Sendable {
    /// What a route acts on, for permissions.
    public enum Resource: String, Sendable {
        /// A topic or the list of topics.
        case topic
        /// A consumer group or the list of groups.
        case group
        /// The broker itself.
        case broker
    }

    /// What a route does to its resource, for permissions.
    public enum Action: String, Sendable {
        /// Name and look at what is there, but not at records.
        case describe
        /// Create it or change its settings.
        case configure
        /// Delete it.
        case delete
        /// Append records.
        case produce
        /// Read or watch records.
        case read
        /// Be a member: join, stream, commit.
        case consume
    }

    /// How large a body a route takes.
    public enum Body: Sendable {
        /// None; one that is sent is refused when it is larger than a small one.
        case none
        /// A small JSON document, at most 1 MiB.
        case document
        /// Records, up to `Limits.requestBodyBytesMax`.
        case records
    }

    /// A query parameter that a route knows.
    public struct Parameter: Sendable {
        /// Its name.
        public let name: String
        /// What it means, in one line.
        public let summary: String
        /// Whether a request without it is refused.
        public let isRequired: Bool
        /// What it looks like.
        let schema: Schema

        /// Creates a parameter.
        init(_ name: String, _ summary: String, _ schema: Schema = .string, isRequired: Bool = false) {
            self.name = name
            self.summary = summary
            self.schema = schema
            self.isRequired = isRequired
        }
    }

    /// The method.
    public let method: HTTPRequest.Method
    /// The path, with parameters in braces.
    ///
    /// A path under `/v1/` also exists under `/v1/namespaces/{namespace}/`.
    public let pattern: String
    /// What it acts on.
    public let resource: Resource
    /// What it does.
    public let action: Action
    /// How large a body it takes.
    public let body: Body
    /// The query parameters that it knows; any other is refused.
    public let parameters: [Parameter]
    /// Whether its answer may be a stream.
    public let isStreaming: Bool
    /// What it does, in one line.
    public let summary: String

    /// What it takes and answers, for the OpenAPI document; nil for a route that has no place in it.
    let operation: Operation?
    /// Makes the call of a path that matches, or refuses one of its names.
    let call: @Sendable (PathArguments) throws(Problem) -> APICall
    /// The pattern, split.
    let segments: [RoutePattern.Segment]

    /// Creates a route.
    init(
        _ method: HTTPRequest.Method,
        _ pattern: String,
        _ resource: Resource,
        _ action: Action,
        body: Body = .none,
        parameters: [Parameter] = [],
        isStreaming: Bool = false,
        as operation: Operation?,
        _ summary: String,
        call: @escaping @Sendable (PathArguments) throws(Problem) -> APICall
    ) {
        self.method = method
        self.pattern = pattern
        self.resource = resource
        self.action = action
        self.body = body
        self.parameters = parameters
        self.isStreaming = isStreaming
        self.operation = operation
        self.summary = summary
        self.call = call
        segments = RoutePattern.segments(of: pattern)
    }

    /// Whether HEAD is taken as this route without the body of its answer: of any GET but those that make a member.
    public var takesHead: Bool { method == .get && action != .consume }

    /// The largest body that this route takes.
    public func bodyBytesMax(_ limits: Limits) -> ByteCount {
        switch body {
        case .none, .document: min(.mebibytes(1), limits.requestBodyBytesMax)
        case .records: limits.requestBodyBytesMax
        }
    }
}
