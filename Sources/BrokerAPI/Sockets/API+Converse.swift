public import BrokerCore
import HTTPTypes
import NIOCore

extension API {
    /// Begins a conversation over a connection that both sides speak on, such as a WebSocket.
    ///
    /// The request is that of the handshake, which has been accepted: what is wrong with it is said by the conversation.
    /// The stream must be driven and closed by the transport.
    public func converse(over request: APIRequest, principal: Principal) async -> APIConversation {
        do throws(Problem) {
            try checkOrigin(of: request)
            let route = try Self.routes.find(.get, target: request.target, limits: engine.limits)
            guard route.route.isStreaming else {
                throw Problem(.framingNotSupported, "this path has no stream: ask it with a plain GET")
            }
            let context = RequestContext(request: request, query: route.query, isSocket: true)
            let reply = try await reply(to: route, context, principal)
            guard case .stream(let stream) = reply.body else {
                throw Problem(.framingNotSupported, "a WebSocket is a watch: leave watch=false out")
            }
            return .open(stream)
        } catch {
            return .refused(SocketText.error(error), closeCode: SocketText.closeCode(error.code.status.code))
        }
    }

    /// Refuses a frame that is not text.
    public static func binaryFrame() -> CommandAnswer {
        let problem = Problem.invalidRequest("frames are JSON as text, not binary")
        return .refuse(SocketText.error(problem), closeCode: SocketText.closeCode(problem.code.status.code))
    }

    /// Refuses a request that wants a WebSocket in a way that is none.
    public static func handshakeRefused(_ reason: String) -> APIReply {
        Problem.invalidRequest("the handshake of a WebSocket: \(reason)").reply
    }

    /// Refuses a request for a WebSocket that is not a connection's first, or wants another version of it.
    public static func upgradeRefused() -> APIReply {
        let problem = Problem(
            .upgradeRequired,
            "a WebSocket begins with the first request of a connection: a GET with Upgrade: websocket, "
                + "Connection: Upgrade, Sec-WebSocket-Key and Sec-WebSocket-Version: 13",
            headers: [.upgrade: "websocket", .secWebSocketVersion: "13"]
        )
        return problem.reply
    }
}
