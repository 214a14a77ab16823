import NIOCore

extension MillraceClient {
    /// Reads what is visible from a position on, a page of it, without waiting unless the options say so.
    public func read(_ topic: String, _ options: ReadOptions = ReadOptions()) async throws(MillraceError) -> RecordPage
    {
        var (_, lines) = try await stream(options.target(topic: topic, watch: false))
        var records: [ReceivedRecord] = []
        var bookmark: Bookmark?
        while let bytes = try await lines.next() {
            let line = EventLine(bytes: bytes)
            switch try line.type() {
            case "record": records.append(try line.record())
            case "bookmark": bookmark = try line.decode(Bookmark.self)
            case "error": throw .refused(try line.problem())
            default: continue
            }
        }
        guard let next = bookmark?.cursor else { throw .unexpectedAnswer("the page ended without a cursor") }
        return RecordPage(records: records, next: next, caughtUp: bookmark?.caughtUp ?? false)
    }

    /// Watches a topic: its records from a position on, and those to come.
    public func watch(_ topic: String, _ options: ReadOptions = ReadOptions()) -> Watch {
        Watch(client: self, topic: topic, options: options)
    }

    /// Appends records, all of them or none; they are on stable storage when it returns.
    @discardableResult
    public func produce(
        _ topic: String,
        _ records: [NewRecord<some Encodable & Sendable>]
    ) async throws(MillraceError) -> ProduceSummary {
        var body = ByteBuffer()
        for record in records {
            body.writeImmutableBuffer(try RequestBody.json(record).bytes)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        return try await produceLines(topic, .records, count: records.count, body)
    }

    /// A producer that takes lines of any number and sends them in bounded requests.
    public func lineProducer(_ topic: String, _ format: LineFormat) -> LineProducer {
        LineProducer(client: self, topic: topic, format: format)
    }

    /// Sends one request of lines; again only when it is certain that nothing was stored.
    func produceLines(
        _ topic: String,
        _ format: LineFormat,
        count: Int,
        _ lines: ByteBuffer
    ) async throws(MillraceError) -> ProduceSummary {
        let target = ServerAddress.target(["v1", "topics", topic, "records"], query: format.query)
        var backoff = configuration.backoff
        var attempt = 1
        while true {
            do {
                let answer = try await call(.POST, target, body: .lines(lines), as: WireProduced.self)
                return answer.value.summary(count: count)
            } catch {
                guard error.isSafeToRepeat, attempt < configuration.attemptsMax else { throw error }
                attempt += 1
                try await pause(max(backoff.next(), error.problem?.retryAfter ?? .zero))
            }
        }
    }

    func pause(_ delay: Duration) async throws(MillraceError) {
        do { try await Task.sleep(for: delay) } catch { throw .cancelled }
    }
}

/// The answer to a request of lines: one summary a partition.
private struct WireProduced: Decodable {
    let partitions: [ProducedRange]?

    func summary(count: Int) -> ProduceSummary {
        ProduceSummary(records: count, ranges: partitions ?? [])
    }
}
