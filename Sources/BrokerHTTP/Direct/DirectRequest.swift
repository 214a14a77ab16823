import BrokerAPI
import HTTPTypes
import NIOCore

/// A request that is taken straight to the API, with as much of its body as has come.
struct DirectRequest: Sendable {
    /// A body above this is read elsewhere than on the event loop, where other connections wait: so many bytes of records are
    /// checked in some 0.2 ms.
    private static let inlineBytesMax = 64 << 10

    let head: HTTPRequest
    let found: FoundRoute
    private(set) var body = ByteBuffer()

    /// A request without a body yet.
    init(_ head: HTTPRequest, _ found: FoundRoute) {
        self.head = head
        self.found = found
    }

    /// Whether answering it may take long, but for waiting: a page, many records, or what a compressed body may become.
    var isLong: Bool {
        head.method == .get || body.readableBytes > Self.inlineBytesMax || head.headerFields[.contentEncoding] != nil
    }

    /// The request as the API takes it.
    var call: APIRequest {
        APIRequest(method: head.method, target: head.path ?? "/", headers: head.headerFields, body: body)
    }

    /// Takes bytes that have come, if there is room for them.
    mutating func take(_ bytes: ByteBuffer, _ budget: BodyBudget) -> Bool {
        guard budget.take(bytes.readableBytes) else { return false }
        if body.readableBytes == 0 { body = bytes } else { body.writeImmutableBuffer(bytes) }
        return true
    }

    /// Gives the room back when the request was answered, or will not be.
    func giveBack(to budget: BodyBudget) {
        if body.readableBytes > 0 { budget.giveBack(body.readableBytes) }
    }
}
