import BrokerAPI
import BrokerCore
import HTTPTypes
import NIOCore
import RecordFormat
import Synchronization
import Testing

/// A streamed body and its receipts, driven as a transport would drive them, but piece by piece.
struct StreamedProduce {
    var sink: any APIBodySink
    var stream: any APIStream
    private var text = ""

    /// Opens one, or answers the refusal.
    init(
        _ harness: Harness,
        _ target: String = "/v1/topics/t/records?stream=true",
        headers: HTTPFields = [:],
        room: (any BodyRoom)? = nil
    ) async throws {
        let request = APIRequest(method: .post, target: target, headers: headers, room: room)
        let match = harness.api.match(.post, target: target)
        let reply = await harness.api.respond(to: request, match: match, principal: .anonymous)
        guard case .stream(let stream) = reply.body, let sink = reply.sink else {
            throw Refused(status: reply.status.code)
        }
        #expect(reply.headers[.contentType] == "application/x-ndjson")
        self.stream = stream
        self.sink = sink
    }

    struct Refused: Error {
        let status: Int
    }

    /// Sends a piece of the body; false when no more is wanted.
    @discardableResult
    mutating func send(_ text: String) async -> Bool { await sink.take(ByteBuffer(string: text)) }

    /// Ends the body, and reads everything.
    mutating func finish(isWhole: Bool = true) async throws -> [JSON] {
        await sink.end(isWhole: isWhole)
        return try await rest()
    }

    /// Reads up to the end.
    mutating func rest() async throws -> [JSON] {
        var lines: [JSON] = []
        while let piece = await stream.next() {
            lines += try String(buffer: piece).split(separator: "\n").map { try JSON(String($0)) }
        }
        await stream.close()
        return lines
    }

    /// The next line that is no heartbeat.
    mutating func line() async throws -> JSON? {
        while !text.contains("\n") {
            guard let piece = await stream.next() else { return nil }
            text += String(buffer: piece)
            text = String(text.drop { $0 == "\n" })
        }
        let line = String(text.prefix { $0 != "\n" })
        text = String(text.dropFirst(line.count + 1))
        return try JSON(line)
    }
}

/// Room for so many bytes, counted.
final class CountedRoom: BodyRoom {
    private let bytesMax: Int
    private let state = Mutex(0)

    init(_ bytesMax: Int) { self.bytesMax = bytesMax }

    var held: Int { state.withLock { $0 } }

    func take(_ bytes: Int) -> Bool {
        state.withLock { held in
            guard held + bytes <= bytesMax else { return false }
            held += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) { state.withLock { $0 -= bytes } }
}

extension RecordBatch {
    /// A batch of JSON values without keys.
    static func json(_ values: [String]) -> RecordBatch {
        var builder = RecordBatchBuilder(isJSON: true)
        for value in values {
            Array(value.utf8).withUnsafeBytes { builder.append(timestamp: .epoch, key: nil, value: $0) }
        }
        return builder.finish()
    }
}
