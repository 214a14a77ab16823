import HTTPTypes
import NIOCore
import Testing

@testable import BrokerAPI

/// One watch of the collection `prices`, read as far as a test needs it.
struct WatchedCollection {
    /// An event as an independent reader sees it.
    struct Event {
        let type: String
        let object: JSON
        /// All of it.
        let whole: JSON
        /// The id that an event source has after it.
        var lastID: String?

        var name: String? { object["metadata"]?["name"]?.string }
        var version: String? { object["metadata"]?["resourceVersion"]?.string }
        /// `ADDED a=1`.
        var text: String {
            switch type {
            case "BOOKMARK": "BOOKMARK"
            case "ERROR", "goodbye": "\(type) \(object["code"]?.string ?? whole["reason"]?.string ?? "")"
            default: "\(type) \(name ?? "?")=\(object["value"].map { $0.plain } ?? "?")"
            }
        }
    }

    private var stream: any APIStream
    private let isEventSource: Bool
    private(set) var text = ""

    /// Opens a watch; its answer must be a stream.
    init(
        _ test: CollectionHarness,
        _ query: String,
        path: String = "/v1/collections/prices",
        headers: HTTPFields = [:],
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let target = "\(path)?\(query)"
        let reply = await test.api.reply(.get, target, headers: headers)
        guard case .stream(let stream) = reply.body else {
            if case .bytes(let body) = reply.body {
                Issue.record("\(String(buffer: body))", sourceLocation: sourceLocation)
            }
            throw NoStream()
        }
        isEventSource = reply.headers[.contentType] == "text/event-stream"
        self.stream = stream
    }

    /// Opens a conversation.
    init(speakingWith test: CollectionHarness, _ query: String) async throws {
        let request = APIRequest(method: .get, target: "/v1/collections/prices?\(query)")
        guard case .open(let stream) = await test.api.api.converse(over: request, principal: .anonymous) else {
            throw NoStream()
        }
        isEventSource = false
        self.stream = stream
    }

    struct NoStream: Error {}

    /// All events so far.
    func events() throws -> [Event] {
        if isEventSource {
            return try SSEReader(text).events.map { try event(JSON($0.data), type: $0.type, id: $0.lastEventID) }
        }
        return try text.split(separator: "\n").map { try event(JSON(String($0)), type: nil, id: nil) }
    }

    private func event(_ whole: JSON, type: String?, id: String?) -> Event {
        Event(
            type: whole["type"]?.string ?? type ?? "?",
            object: whole["object"] ?? .null,
            whole: whole,
            lastID: id
        )
    }

    /// Reads until all events together are enough, or the stream ends.
    mutating func read(untilAll isEnough: ([Event]) -> Bool) async throws -> [Event] {
        while true {
            let events = try events()
            if isEnough(events) { return events }
            guard let piece = await stream.next() else { return events }
            text += String(buffer: piece)
        }
    }

    /// Reads until an event is there.
    mutating func read(until isLast: (Event) -> Bool) async throws -> [Event] {
        try await read(untilAll: { $0.contains(where: isLast) })
    }

    /// Reads until so many events are there.
    mutating func read(count: Int) async throws -> [Event] {
        try await read(untilAll: { $0.count >= count })
    }

    /// Says something, as on a WebSocket.
    func say(_ frame: String) async -> CommandAnswer { await stream.commands.take(ByteBuffer(string: frame)) }

    mutating func shed() { stream.shed() }

    mutating func close() async { await stream.close() }
}

extension JSON {
    /// Numbers and texts bare.
    var plain: String {
        switch self {
        case .integer(let number): "\(number)"
        case .string(let text): text
        default: "\(self)"
        }
    }
}
