import MillraceClient

/// Publishes a stream in small requests, one after the other, and goes on when a broker that went away is back.
///
/// While it publishes nobody else does, so the number of stored records tells what became of a request whose answer was
/// lost. That number is also a proof: every acknowledged record is in it.
actor Publisher {
    /// The broker holds something other than what was acknowledged.
    struct Lost: Error, CustomStringConvertible {
        let description: String
    }

    private let client: MillraceClient
    private let topic: String
    private let stream: ChangeStream
    private let requestLines: Int
    /// How many lines the broker has acknowledged, or was found to hold.
    private(set) var acknowledged = 0
    /// Requests that a broker's end left without an answer.
    private(set) var interruptions = 0

    init(_ stream: ChangeStream, to topic: String, with client: MillraceClient) {
        self.client = client
        self.topic = topic
        self.stream = stream
        requestLines = max(1, stream.lines.count / 400)
    }

    /// Publishes up to a line of the stream.
    func publish(upTo end: Int) async throws {
        while acknowledged < end {
            let request = acknowledged..<min(acknowledged + requestLines, end)
            if let error = await refusal(of: request) {
                guard error.isWorthReconnecting else { throw error }
                interruptions += 1
                acknowledged = try await outcome(of: request, after: error)
            } else {
                acknowledged = request.upperBound
            }
        }
    }

    /// Publishes up to a line of the stream, and waits at three quarters of it until something has happened.
    func publish(upTo end: Int, stoppingOnceFor events: AsyncStream<Void>) async throws {
        try await publish(upTo: end * 3 / 4)
        for await _ in events { break }
        try await publish(upTo: end)
    }

    /// Publishes so many requests more; behind them, whatever the broker had accepted before is decided.
    func publish(requests count: Int) async throws {
        try await publish(upTo: min(acknowledged + count * requestLines, stream.lines.count))
    }

    /// Sends one request; nil when it was acknowledged.
    private func refusal(of request: Range<Int>) async -> MillraceError? {
        var producer = client.lineProducer(topic, .values(key: stream.keyPointer))
        do {
            try await producer.write(Array((stream.lines[request].joined(separator: "\n") + "\n").utf8))
            try await producer.finish()
            return nil
        } catch {
            return error
        }
    }

    /// Asks the broker, once it is there again, whether the request was stored: all of it or nothing.
    private func outcome(of request: Range<Int>, after error: MillraceError) async throws -> Int {
        let stored = try await eventually("the broker is back after \(error)") {
            try? await Int(client.recordCount(topic))
        }
        guard stored == request.lowerBound || stored == request.upperBound else {
            throw Lost(description: "\(stored) records are stored; \(request) were sent, all before acknowledged")
        }
        return stored
    }
}
