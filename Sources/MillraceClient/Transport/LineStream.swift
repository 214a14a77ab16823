import AsyncHTTPClient
import NIOCore

/// The lines of an answer that goes on; blank lines, which are heartbeats, are left out.
///
/// Dropping the value closes the connection, which is how a reader leaves.
struct LineStream {
    private var chunks: HTTPClientResponse.Body.AsyncIterator
    private var splitter: LineSplitter

    init(body: HTTPClientResponse.Body, lineBytesMax: Int) {
        self.chunks = body.makeAsyncIterator()
        self.splitter = LineSplitter(lineBytesMax: lineBytesMax)
    }

    /// The next line, or nil at the end of the answer; what was cut off by the end is not a line.
    mutating func next() async throws(MillraceError) -> ByteBuffer? {
        while true {
            while let line = try splitter.next() {
                if line.readableBytes > 0 { return line }
            }
            guard let chunk = try await nextChunk() else { return nil }
            splitter.append(chunk)
        }
    }

    private mutating func nextChunk() async throws(MillraceError) -> ByteBuffer? {
        do {
            return try await chunks.next(isolation: #isolation)
        } catch {
            throw TransportErrors.whileReading(error)
        }
    }
}
