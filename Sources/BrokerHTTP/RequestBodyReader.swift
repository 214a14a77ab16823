import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads a request's body with a bound, or throws it away with another.
struct RequestBodyReader {
    /// What `Content-Length` says.
    let declaredBytes: Int?
    private let isChunked: Bool
    /// The client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    /// The body itself, for who takes it as it comes instead of this reader.
    let body: RequestBody
    private var chunks: RequestBody.AsyncIterator?
    private var isAtEnd = false

    init(_ request: Request) {
        declaredBytes = request.headers[.contentLength].flatMap { Int($0) }
        isChunked = request.headers[.transferEncoding] != nil
        expectsContinue = request.headers[.expect]?.lowercased() == "100-continue"
        body = request.body
    }

    /// Whether more of the body may come.
    var mayHaveMore: Bool { !isAtEnd && (isChunked || (declaredBytes ?? 0) > 0) }

    /// Whether the head alone tells that the body is too large.
    func isDeclaredLarger(than bytesMax: Int) -> Bool { (declaredBytes ?? 0) > bytesMax }

    /// What became of a body that was to be read.
    enum Collected {
        /// All of it.
        case whole(ByteBuffer)
        /// It is larger than the bound.
        case tooLarge
        /// All connections together hold as much as they may.
        case noRoom
    }

    /// Reads the whole body.
    /// - Parameter heldBytes: what was taken of the budget, for the caller to give back, also when this throws.
    mutating func collect(
        upTo bytesMax: Int,
        _ budget: BodyBudget,
        heldBytes: inout Int
    ) async throws -> Collected {
        guard mayHaveMore else { return .whole(ByteBuffer()) }
        guard !isDeclaredLarger(than: bytesMax) else { return .tooLarge }
        guard budget.admits(declaredBytes ?? 0) else { return .noRoom }
        var collected = ByteBuffer()
        if let declaredBytes { collected.reserveCapacity(declaredBytes) }
        while let chunk = try await next() {
            guard collected.readableBytes + chunk.readableBytes <= bytesMax else { return .tooLarge }
            guard budget.take(chunk.readableBytes) else { return .noRoom }
            heldBytes += chunk.readableBytes
            collected.writeImmutableBuffer(chunk)
        }
        return .whole(collected)
    }

    /// Reads and forgets, until the end or a bound.
    mutating func discard(upTo bytesMax: Int) async throws {
        var bytes = 0
        while bytes < bytesMax, let chunk = try await next() {
            bytes += chunk.readableBytes
        }
    }

    private mutating func next() async throws -> ByteBuffer? {
        // A request body may be iterated once, and a stream's handler needs it whole when there is nothing to read.
        var iterator = chunks ?? body.makeAsyncIterator()
        let chunk = try await iterator.next(isolation: #isolation)
        chunks = iterator
        if chunk == nil { isAtEnd = true }
        return chunk
    }
}
