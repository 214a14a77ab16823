public import BrokerCore
public import HTTPTypes
public import Logging
public import RecordFormat

/// The whole HTTP API, without a transport: a route table, and one function that answers a request.
///
/// A transport matches first, so that a wrong path or name is refused before a body is read, then collects the body up
/// to the route's limit, then calls ``respond(to:match:principal:)``.
public final class API: Sendable {
    /// The broker behind the API.
    let engine: any BrokerEngine
    /// What the API was told.
    let configuration: APIConfiguration
    /// For losses and decisions, never for traffic or payloads.
    let logger: Logger
    /// What signs and verifies group sessions.
    let sessionTokens: SessionTokens
    /// What the surfaces hold open; each counts its own connections here.
    public let load = SurfaceLoad()

    /// The version of the broker and its API, as `millrace --version` and the OpenAPI document tell it.
    public static let version = "0.1.0"
    /// The newest batches as watchers write them.
    let sharedFrames: SharedFrames
    /// What watchers of collections read at the tail.
    let sharedChanges: SharedChanges
    /// The streams that each principal has open.
    let streamPlaces: StreamPlaces

    /// Every route, as data.
    public static let routes = RouteTable.millrace

    /// Creates the API of an engine.
    public init(engine: any BrokerEngine, configuration: APIConfiguration = APIConfiguration(), logger: Logger) {
        self.engine = engine
        self.configuration = configuration
        self.logger = logger
        sessionTokens = SessionTokens(secretKey: engine.secretKey)
        sharedFrames = SharedFrames(bytesMax: engine.limits.sharedFrameBytesMax)
        sharedChanges = SharedChanges(bytesMax: engine.limits.sharedChangeBytesMax)
        streamPlaces = StreamPlaces(streamsMax: engine.limits.streamsPerPrincipalMax)
    }

    /// Finds the route of a request and checks its names and query, or says what is wrong with them.
    public func match(_ method: HTTPRequest.Method, target: String) -> RouteMatch {
        do {
            return .found(try Self.routes.find(method, target: target, limits: engine.limits))
        } catch {
            return .problem(error.reply(to: target))
        }
    }

    /// Answers a request whose route was found.
    ///
    /// - Parameter match: what ``match(_:target:)`` said of this request; a problem is answered as it is.
    /// - Returns: the answer; a streamed body must be driven and closed by the transport.
    public func respond(to request: APIRequest, match: RouteMatch, principal: Principal) async -> APIReply {
        switch match {
        case .problem(let reply):
            return reply
        case .found(let route):
            do throws(Problem) {
                let context = RequestContext(request: request, query: route.query, isSocket: false)
                return try await reply(to: route, context, principal)
            } catch {
                return error.reply(to: request.target)
            }
        }
    }

    /// Calls the handler of a route, and makes a problem of whatever goes wrong.
    func reply(
        to route: FoundRoute,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws(Problem) -> APIReply {
        do {
            var reply = try await answer(route.call, context, principal)
            if case .stream(let stream) = reply.body {
                reply.body = .stream(stream.counted(in: load, as: .init(route.route.action)))
            }
            return reply
        } catch BrokerError.topicNotFound(let topic) where route.call.isOfItems {
            throw .topicNotFound(topic, settings: #"{"cleanup":"compact"}"#)
        } catch {
            throw problem(for: error)
        }
    }

    /// The refusal of a request whose body is larger than its route's limit.
    public static func bodyTooLarge(max: ByteCount, target: String) -> APIReply {
        Problem.bodyTooLarge(max).reply(to: target)
    }

    /// The refusal of a request that names no host, or several.
    public static func hostNotOne() -> APIReply {
        Problem.invalidRequest("a request of HTTP/1.1 has one Host field").reply
    }

    /// The refusal of a body on a request that takes none.
    public static func bodyNotExpected(target: String) -> APIReply {
        Problem.invalidRequest("a GET takes no body: send it without one").reply(to: target)
    }

    /// The refusal of a body for which all connections together have no room.
    public func tooManyBodies(target: String) -> APIReply {
        Problem.tooManyBodies.reply(to: target)
    }

    /// How many streams a principal has open.
    public func openStreams(of principal: Principal) -> Int { streamPlaces.count(of: principal) }

    /// Why a request would be refused for load, told before its body is read; nil when it would not.
    ///
    /// - Parameter declaredBytes: how large its body is, where the client says.
    public func refusal(before found: FoundRoute, declaredBytes: Int?) -> APIReply? {
        guard found.route.action == .produce else { return nil }
        // A stream waits for room in the queue, group by group.
        let bytes = found.streamsBody ? .zero : ByteCount(declaredBytes ?? 0)
        return engine.appendRefusal(bytes: bytes).map {
            Problem($0).reply(to: found.route.pattern)
        }
    }

    /// The problem that an error is; one that was not foreseen is logged.
    func problem(for error: any Error) -> Problem {
        let problem = Problem(mapping: error)
        if problem.code == .internalError {
            logger.error("a request failed in an unforeseen way", metadata: ["error": "\(error)"])
        }
        return problem
    }

    private func answer(
        _ call: APICall,
        _ context: RequestContext,
        _ principal: Principal
    ) async throws -> APIReply {
        switch call {
        case .listTopics(let namespace): listTopics(namespace)
        case .describeTopic(let topic): try describeTopic(topic)
        case .createTopic(let topic): try await createTopic(topic, context)
        case .changeTopic(let topic): try await changeTopic(topic, context)
        case .deleteTopic(let topic): try await deleteTopic(topic)
        case .describePartitions(let topic): try describePartitions(topic)
        case .produce(let topic): try await produce(topic, context, principal)
        case .readTopic(let topic): try await readTopic(topic, context, principal)
        case .readPartition(let topic, let partition):
            try await readPartition(topic, partition, context, principal)
        case .deleteRecords(let topic, let partition): try await deleteRecords(topic, partition, context)
        case .readTopics(let namespace): try await readTopics(in: namespace, context, principal)
        case .listGroups(let namespace): listGroups(namespace)
        case .describeGroup(let group): try await describeGroup(group)
        case .createGroup(let group): try await createGroup(group, context)
        case .changeGroup(let group): try await changeGroup(group, context)
        case .deleteGroup(let group): try await deleteGroup(group, context)
        case .groupMembers(let group): try groupMembers(group)
        case .groupOffsets(let group): try groupOffsets(group)
        case .resetOffsets(let group): try await resetOffsets(group, context)
        case .groupHistory(let group): try groupHistory(group)
        case .groupLag(let group): try await groupLag(group)
        case .joinMember(let group): try await joinMember(group, context, principal)
        case .memberRecords(let group, let member): try await memberRecords(group, member, context, principal)
        case .heartbeat(let group, let member): try await heartbeat(group, member, context, principal)
        case .leaveGroup(let group, let member): try await leaveGroup(group, member, context, principal)
        case .groupStream(let group): try await groupStream(group, context, principal)
        case .commit(let group): try await commit(group, context, principal)
        case .listCollections(let namespace): listCollections(namespace)
        case .listItems(let collection): try await readCollection(collection, context, principal)
        case .item(let collection, let key): try await item(key, of: collection)
        case .putItem(let collection, let key): try await putItem(key, of: collection, context)
        case .patchItem(let collection, let key): try await patchItem(key, of: collection, context)
        case .deleteItem(let collection, let key): try await deleteItem(key, of: collection, context)
        case .kubernetes(let call): await kubernetes(call, context, principal)
        case .health: health()
        case .readiness: readiness()
        case .metrics: metrics()
        case .openAPI: openAPI()
        }
    }
}
