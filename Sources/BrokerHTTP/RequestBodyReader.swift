import HTTPTypes
import HummingbirdCore
import NIOCore

/// Reads a request's body with a bound, or throws it away with another.
struct RequestBodyReader {
    /// What `Content-Length` says.
    private let declaredBytes: Int?
    private let isChunked: Bool
    /// The client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    private var chunks: RequestBody.AsyncIterator?
    private let body: RequestBody
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

    /// The whole body, or nil when it is larger than the bound.
    mutating func collect(upTo bytesMax: Int) async throws -> ByteBuffer? {
        guard mayHaveMore else { return ByteBuffer() }
        guard !isDeclaredLarger(than: bytesMax) else { return nil }
        var collected = ByteBuffer()
        if let declaredBytes { collected.reserveCapacity(declaredBytes) }
        while let chunk = try await next() {
            guard collected.readableBytes + chunk.readableBytes <= bytesMax else { return nil }
            collected.writeImmutableBuffer(chunk)
        }
        return collected
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
