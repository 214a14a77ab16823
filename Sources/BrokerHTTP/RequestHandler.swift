import BrokerAPI
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore

/// Carries one request from the connection to the API and its answer back.
///
/// It knows nothing of what a route means.
struct RequestHandler: Sendable {
    let api: API
    let budget: BodyBudget
    let discardBytesMax: Int
    let sendLimits: SendLimits

    /// Ends a connection whose request was answered before all of it was read, or by a stream: nothing behind it is answered.
    private struct LastAnswer: Error {}

    /// Answers a request.
    /// - Throws: what ends the connection: it broke, its task was cancelled, or a body was left unread.
    @concurrent
    func handle(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let target = request.head.path ?? "/"
        let match = match(request.method, target: target)
        var body = RequestBodyReader(request)
        // The first of them is the authority.
        let hasMore = request.headers.contains { $0.name.canonicalName == "host" }
        guard request.head.authority != nil, !hasMore else {
            return try await refuse(API.hostNotOne(), of: request, unread: &body, writer, channel)
        }
        if let answer = api.preflight(request.method, target: target, fields: request.headers) {
            return try await refuse(answer, of: request, unread: &body, writer, channel)
        }
        if request.headers[.upgrade]?.lowercased() == "websocket" {
            return try await refuse(API.upgradeRefused(), of: request, unread: &body, writer, channel)
        }
        switch match {
        case .problem(let reply):
            try await refuse(reply, of: request, unread: &body, writer, channel)
        case .found(let found):
            // What follows the head of a stream or a long-poll is watched for the end of the client: so no GET takes a body.
            if found.route.method == .get, body.mayHaveMore {
                return try await refuse(
                    API.bodyNotExpected(target: target),
                    of: request,
                    unread: &body,
                    writer,
                    channel
                )
            }
            // A produce that would be refused for load is refused before its body is read.
            if let reply = api.refusal(before: found, declaredBytes: body.declaredBytes) {
                return try await refuse(reply, of: request, unread: &body, writer, channel)
            }
            if found.streamsBody { return try await exchange(request, match, &body, writer, channel) }
            var heldBytes = 0
            defer { budget.giveBack(heldBytes) }
            try await answer(request, found, match, &body, &heldBytes, writer, channel)
        }
    }

    /// Reads the body and asks the API.
    @concurrent
    private func answer(
        _ request: Request,
        _ found: FoundRoute,
        _ match: RouteMatch,
        _ body: inout RequestBodyReader,
        _ heldBytes: inout Int,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        let bytesMax = found.bodyBytesMax
        if body.expectsContinue, !body.isDeclaredLarger(than: bytesMax.value), budget.admits(body.declaredBytes ?? 0) {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        switch try await body.collect(upTo: bytesMax.value, budget, heldBytes: &heldBytes) {
        case .tooLarge:
            try await refuse(
                API.bodyTooLarge(max: bytesMax, target: request.head.path ?? "/"),
                of: request,
                unread: &body,
                writer,
                channel
            )
        case .noRoom:
            try await refuse(
                api.tooManyBodies(target: request.head.path ?? "/"),
                of: request,
                unread: &body,
                writer,
                channel
            )
        case .whole(let bytes):
            let method: HTTPRequest.Method = request.method == .head ? .get : request.method
            let call = APIRequest(
                method: method,
                target: request.head.path ?? "/",
                headers: request.headers,
                body: bytes
            )
            let reply =
                found.mayWait
                ? await respondWhileConnected(to: call, match, channel)
                : await api.respond(to: call, match: match, principal: .anonymous)
            try await send(reply, to: request, writer, channel)
            await pause(after: reply)
        }
    }

    /// Answers a request whose body is taken while it comes; both go on beside each other.
    @concurrent
    private func exchange(
        _ request: Request,
        _ match: RouteMatch,
        _ body: inout RequestBodyReader,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        let call = APIRequest(
            method: request.method,
            target: request.head.path ?? "/",
            headers: request.headers,
            room: budget
        )
        let reply = await api.respond(to: call, match: match, principal: .anonymous)
        guard case .stream(let stream) = reply.body, let sink = reply.sink else {
            return try await refuse(reply, of: request, unread: &body, writer, channel)
        }
        if body.expectsContinue { try await writer.writeInformationalHead(HTTPResponse(status: .continue)) }
        var head = HTTPResponse(status: reply.status, headerFields: reply.headers)
        head.headerFields[.connection] = "close"
        let sender = StreamSender(stream: stream, channel: channel, limits: sendLimits)
        await sender.send(head, feeding: BodyFeed(body: body.body, sink: sink, channel: channel))
        throw LastAnswer()
    }

    /// Answers a request that may wait, which ends its wait when the client closes its side.
    ///
    /// One that has left is waited for no longer; one that only closed its sending half gets what there is.
    @concurrent
    private func respondWhileConnected(
        to call: APIRequest,
        _ match: RouteMatch,
        _ channel: any Channel
    ) async -> APIReply {
        let responding = Task { await api.respond(to: call, match: match, principal: .anonymous) }
        ClientWatch.begin(on: channel, isLast: false) { responding.cancel() }
        defer { ClientWatch.end(on: channel) }
        return await withTaskCancellationHandler {
            await responding.value
        } onCancel: {
            responding.cancel()
        }
    }

    /// Leaves the socket alone for as long as the client was told to wait; cancellation ends it.
    private func pause(after reply: APIReply) async {
        if let pause = RequestPause.after(reply) { try? await Task.sleep(for: pause) }
    }

    /// The route, where HEAD is a GET whose body is not sent; a HEAD that would join a group is not.
    private func match(_ method: HTTPRequest.Method, target: String) -> RouteMatch {
        guard method == .head else { return api.match(method, target: target) }
        let match = api.match(.get, target: target)
        if case .found(let found) = match, !found.route.takesHead { return api.match(.head, target: target) }
        return match
    }

    /// Sends a refusal before the body was read, then reads some of it.
    ///
    /// A client that is still sending would otherwise
    /// meet a reset and lose the answer. The connection ends afterwards unless there was no more to read.
    @concurrent
    private func refuse(
        _ reply: APIReply,
        of request: Request,
        unread body: inout RequestBodyReader,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var reply = reply
        if body.mayHaveMore { reply.headers[.connection] = "close" }
        try await send(reply, to: request, writer, channel)
        await pause(after: reply)
        if body.mayHaveMore {
            try await body.discard(upTo: discardBytesMax)
            throw LastAnswer()
        }
    }

    @concurrent
    private func send(
        _ reply: APIReply,
        to request: Request,
        _ writer: consuming ResponseWriter,
        _ channel: any Channel
    ) async throws {
        var head = HTTPResponse(status: reply.status, headerFields: reply.headers)
        switch reply.body {
        case .bytes(let bytes):
            if reply.status != .noContent { head.headerFields[.contentLength] = String(bytes.readableBytes) }
            guard request.method != .head, bytes.readableBytes > 0 else { return try await writer.writeResponse(head) }
            try await writer.write(response: head, body: ResponseBody(byteBuffer: bytes))
        case .stream(let stream) where request.method == .head:
            // Its length is not known before it ends.
            await StreamSender(stream: stream, channel: channel, limits: sendLimits).abandon()
            try await writer.writeResponse(head)
        case .stream(let stream):
            // The connection serves no other request: what comes after this one is not kept.
            head.headerFields[.connection] = "close"
            await StreamSender(stream: stream, channel: channel, limits: sendLimits).send(head)
            throw LastAnswer()
        }
    }
}
