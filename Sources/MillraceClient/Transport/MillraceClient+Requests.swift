import AsyncHTTPClient
import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A decoded answer with its bytes as the broker sent them.
public struct Answer<Value: Sendable>: Sendable {
    /// The decoded answer.
    public let value: Value
    /// The JSON text.
    public let json: String
}

extension MillraceClient {
    /// Sends a request and decodes its answer.
    func call<Value: Decodable & Sendable>(
        _ method: HTTPMethod,
        _ target: String,
        body: RequestBody? = nil,
        fields: [(name: String, value: String)] = [],
        as type: Value.Type = Value.self
    ) async throws(MillraceError) -> Answer<Value> {
        let bytes = try await answer(method, target, body: body, fields: fields)
        return Answer(value: try decode(type, from: bytes), json: String(buffer: bytes))
    }

    /// Sends a request and collects its answer, which must be a success.
    func answer(
        _ method: HTTPMethod,
        _ target: String,
        body: RequestBody? = nil,
        fields: [(name: String, value: String)] = [],
        wait: Duration = .zero
    ) async throws(MillraceError) -> ByteBuffer {
        var request = HTTPClientRequest(url: server + target)
        request.method = method
        request.headers.add(name: "Accept", value: "application/json")
        for field in fields { request.headers.add(name: field.name, value: field.value) }
        if let body {
            request.headers.add(name: "Content-Type", value: body.mediaType)
            request.body = .bytes(body.bytes)
        }
        let response = try await open(request, wait: wait)
        return try await collect(response)
    }

    /// Opens a stream of lines; a refusal is thrown.
    func stream(_ target: String) async throws(MillraceError) -> (headers: HTTPHeaders, lines: LineStream) {
        var request = HTTPClientRequest(url: server + target)
        request.headers.add(name: "Accept", value: "application/x-ndjson")
        let response = try await open(request)
        return (response.headers, LineStream(body: response.body, lineBytesMax: configuration.lineBytesMax))
    }

    /// Sends a body for as long as it goes on, beside the lines that answer it; a refusal is thrown.
    func stream<Bytes: AsyncSequence & Sendable>(
        _ target: String,
        sending bytes: Bytes
    ) async throws(MillraceError) -> LineStream where Bytes.Element == ByteBuffer {
        var request = HTTPClientRequest(url: server + target)
        request.method = .POST
        request.headers.add(name: "Accept", value: "application/x-ndjson")
        request.headers.add(name: "Content-Type", value: "application/x-ndjson")
        request.body = .stream(bytes, length: .unknown)
        let response = try await open(request)
        return LineStream(body: response.body, lineBytesMax: configuration.lineBytesMax)
    }

    func decode<Value: Decodable>(_ type: Value.Type, from bytes: ByteBuffer) throws(MillraceError) -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
        } catch {
            throw .unexpectedAnswer("\(String(buffer: bytes).prefix(200))")
        }
    }

    /// Sends a request and waits for the head of a successful answer.
    private func open(
        _ request: HTTPClientRequest,
        wait: Duration = .zero
    ) async throws(MillraceError) -> HTTPClientResponse {
        let response: HTTPClientResponse
        do {
            response = try await http.execute(request, timeout: TimeAmount(configuration.answerTimeout + wait))
        } catch {
            throw TransportErrors.whileSending(error, server: server)
        }
        guard (200..<300).contains(response.status.code) else {
            throw .refused(try await problem(of: response))
        }
        return response
    }

    private func collect(_ response: HTTPClientResponse) async throws(MillraceError) -> ByteBuffer {
        do {
            return try await response.body.collect(upTo: configuration.answerBytesMax)
        } catch is NIOTooManyBytesError {
            throw .unexpectedAnswer("it is longer than \(configuration.answerBytesMax) bytes")
        } catch {
            throw TransportErrors.whileReading(error)
        }
    }

    private func problem(of response: HTTPClientResponse) async throws(MillraceError) -> Problem {
        let bytes = try await collect(response)
        let retryAfter = response.headers.first(name: "Retry-After").flatMap(Int64.init).map(Duration.seconds)
        let document = try? JSONDecoder().decode(Problem.self, from: Data(bytes.readableBytesView))
        return Problem(
            status: Int(response.status.code),
            code: document?.code ?? "",
            title: document?.title ?? response.status.reasonPhrase,
            // Something between us and the broker may have answered: then its text, cut short, is all there is.
            detail: document?.detail ?? String(String(buffer: bytes).prefix(200)),
            isRetryable: document?.isRetryable ?? false,
            hasNoSideEffects: document?.hasNoSideEffects ?? false,
            retryAfter: document?.retryAfter ?? retryAfter
        )
    }
}

/// The body of a request and what it is.
struct RequestBody {
    let mediaType: String
    let bytes: ByteBuffer

    static func json(_ value: some Encodable) throws(MillraceError) -> RequestBody {
        do {
            return RequestBody(mediaType: "application/json", bytes: ByteBuffer(bytes: try JSONEncoder().encode(value)))
        } catch {
            throw .invalidArgument("the request cannot be encoded: \(error)")
        }
    }

    static func lines(_ bytes: ByteBuffer) -> RequestBody {
        RequestBody(mediaType: "application/x-ndjson", bytes: bytes)
    }
}
