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
    ///
    /// A lost answer is an error, and nobody knows then whether they are stored: with a `Producer` it is asked again.
    @discardableResult
    public func produce(
        _ topic: String,
        _ records: [NewRecord<some Encodable & Sendable>]
    ) async throws(MillraceError) -> ProduceSummary {
        var nobody: Producer?
        return try await produceLines(topic, .records, count: records.count, Self.lines(records), as: &nobody)
    }

    /// Appends records, all of them or none, and once: a request whose answer is lost is sent again under its number.
    ///
    /// When this throws and it is not known whether the records are stored (`MillraceError.isOutcomeUnknown`), call it again
    /// with the same records and the same producer.
    @discardableResult
    public func produce(
        _ topic: String,
        _ records: [NewRecord<some Encodable & Sendable>],
        as producer: inout Producer
    ) async throws(MillraceError) -> ProduceSummary {
        var sender: Producer? = producer
        defer { producer = sender ?? producer }
        return try await produceLines(topic, .records, count: records.count, Self.lines(records), as: &sender)
    }

    /// A producer that takes lines of any number and sends them in bounded requests.
    ///
    /// - Parameter producer: whose requests they are, if each is to be stored once, although it is sent again.
    public func lineProducer(_ topic: String, _ format: LineFormat, as producer: Producer? = nil) -> LineProducer {
        LineProducer(client: self, topic: topic, format: format, producer: producer)
    }

    private static func lines(_ records: [NewRecord<some Encodable & Sendable>]) throws(MillraceError) -> ByteBuffer {
        var body = ByteBuffer()
        for record in records {
            body.writeImmutableBuffer(try RequestBody.json(record).bytes)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        return body
    }

    /// Sends one request of lines.
    ///
    /// Without a producer it is sent again only when it is certain that nothing was stored; with one, also when that is
    /// not known, since the broker knows the number.
    func produceLines(
        _ topic: String,
        _ format: LineFormat,
        count: Int,
        _ lines: ByteBuffer,
        as producer: inout Producer?
    ) async throws(MillraceError) -> ProduceSummary {
        let target = ServerAddress.target(["v1", "topics", topic, "records"], query: format.query)
        var backoff = configuration.backoff
        var mayBeStored = false
        var attempt = 1
        while true {
            do {
                let fields = producer?.fields(of: topic) ?? []
                let answer = try await call(.POST, target, body: .lines(lines), fields: fields, as: WireProduced.self)
                try producer?.advance(topic)
                return answer.value.summary(count: count)
            } catch {
                guard attempt < configuration.attemptsMax else { throw error }
                attempt += 1
                // A producer that the broker has forgotten goes on under another name, unless this is a retry.
                if error.problem?.code == "producer-sequence-gap", !mayBeStored, producer?.renew() == true { continue }
                guard error.isSafeToRepeat || (producer != nil && error.isOutcomeUnknown) else { throw error }
                if error.isOutcomeUnknown { mayBeStored = true }
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
