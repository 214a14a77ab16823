import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// Writes a stream's events in one of the framings, into a buffer that is taken piece by piece.
///
///     json    {"records":[{...},{...}],"next":"...","caughtUp":true,"lag":0}
///     ndjson  {"type":"record",...}\n{"type":"bookmark",...}\n            a blank line is a heartbeat
///     sse     event: record\ndata: {...}\n\nevent: record\ndata: {...}\nid: <cursor>\n\n     a comment is a heartbeat
///
/// In SSE the blank line that ends an event is owed until the next event or the end of the flush, so that the id can
/// stand in a flush's last event: several clients ignore an id that stands alone.
struct EventEncoder: Sendable {
    /// The framing.
    let framing: Framing
    /// How many bytes have been written in all, taken or not.
    var totalBytes: Int { takenBytes + buffer.readableBytes }
    /// How many bytes wait to be taken.
    var byteCount: Int { buffer.readableBytes }

    /// What watchers of the same records share; nil where nobody else writes the same.
    let shared: SharedFrames?
    /// How records are written: equal forms write equal bytes.
    let form: RecordForm

    /// Whether all of it is one document.
    private let isPage: Bool
    private var buffer = ByteBuffer()
    private var records: RecordEncoder
    private var takenBytes = 0
    private var owesBlankLine = false
    private var hasRecords = false
    private var gaps: [ReadResult.Gap] = []
    private var last: (cursor: String, caughtUp: Bool, lag: Int64?)?

    /// An encoder.
    ///
    /// - Parameters:
    ///   - recordEvent: the SSE name of records: `record`, or `message` for a plain `onmessage`.
    ///   - projection: what of a JSON value is written; nil is all of it.
    ///   - shared: where encoded batches at the tail are found and left; it goes with no projection.
    ///   - isPage: whether `json` is one document of records, rather than one object a line without heartbeats.
    init(
        framing: Framing,
        isPage: Bool = true,
        recordEvent: String = "record",
        jsonDepthMax: Int,
        projection: JSONProjection? = nil,
        shared: SharedFrames? = nil
    ) {
        self.framing = framing
        self.isPage = isPage && framing == .json
        self.shared = framing == .json || projection != nil ? nil : shared
        form = RecordForm(framing: framing, recordEvent: recordEvent, jsonDepthMax: jsonDepthMax)
        records = RecordEncoder(
            opening: Self.opening(framing, recordEvent),
            closing: framing == .json ? "}" : "}\n",
            jsonDepthMax: jsonDepthMax,
            projection: projection
        )
    }

    /// What stands before a record's first field.
    private static func opening(_ framing: Framing, _ recordEvent: String) -> String {
        switch framing {
        case .json: "{"
        case .ndjson: "{\"type\":\"record\","
        case .sse: "event: \(recordEvent)\ndata: {"
        }
    }

    /// Begins the answer, so that its first bytes can go out at once.
    mutating func open(retryMilliseconds: Int64) {
        switch framing {
        case .json: if isPage { buffer.writeStaticString("{\"records\":[") }
        case .ndjson: break
        case .sse: buffer.writeString(":ok\n\nretry: \(retryMilliseconds)\n\n")
        }
    }

    /// Where the next record's bytes will begin.
    var nextRecordStart: Int { byteCount + (owesBlankLine ? 1 : 0) }

    /// Makes ready for records of a partition.
    mutating func select(_ partition: TopicPartition) {
        records.select(partition)
    }

    /// Appends a record unless it would bring the total beyond `totalBytesMax`; answers whether it did.
    mutating func write(
        _ record: borrowing Record,
        _ bytes: UnsafeRawBufferPointer,
        isJSON: Bool,
        totalBytesMax: Int
    ) -> Bool {
        let start = buffer.writerIndex
        switch framing {
        case .json: if hasRecords { buffer.writeStaticString(",") }
        case .ndjson: break
        case .sse: if owesBlankLine { buffer.writeStaticString("\n") }
        }
        records.write(record, bytes, isJSON: isJSON, into: &buffer)
        guard totalBytes <= totalBytesMax || !hasRecords else {
            buffer.moveWriterIndex(to: start)
            return false
        }
        owesBlankLine = framing == .sse
        hasRecords = true
        return true
    }

    /// Appends records of an encoded batch: those of `range`, as far as pieces of `pieceBytes` go; answers where it ended.
    ///
    /// The same bytes, and cut at the same record, as if each of them had been written by itself.
    mutating func write(_ frames: BatchFrames, _ range: Range<Int>, pieceBytes: Int) -> Int {
        let separator = owesBlankLine ? 1 : 0
        let room = pieceBytes - byteCount - separator
        let end = frames.end(of: range, room: room)
        if owesBlankLine { buffer.writeStaticString("\n") }
        buffer.writeImmutableBuffer(frames.bytes(of: range.lowerBound..<end))
        owesBlankLine = framing == .sse
        hasRecords = true
        return end
    }

    /// Appends an event that is not a record.
    ///
    /// A page keeps what it has to say of these for its end.
    mutating func write(_ event: StreamEvent) {
        switch framing {
        case .json:
            if case .gap(let gap) = event { gaps.append(gap) }
            if case .bookmark(let cursor, let caughtUp, let lag) = event { last = (cursor, caughtUp, lag) }
        case .ndjson:
            writeObject { json in
                json.key("type")
                json.string("\(event.type)")
                event.write(to: &json)
            }
            buffer.writeStaticString("\n")
        case .sse:
            if owesBlankLine { buffer.writeStaticString("\n") }
            buffer.writeStaticString("event: ")
            buffer.writeStaticString(event.type)
            buffer.writeStaticString("\ndata: ")
            writeObject { event.write(to: &$0) }
            buffer.writeStaticString("\n")
            owesBlankLine = true
        }
    }

    /// Appends an event that is one object, its type within it, as the watch of a collection has them.
    ///
    /// - Parameter body: writes the object.
    mutating func write(named name: String, _ body: (inout JSONWriter) -> Void) {
        if framing == .sse {
            if owesBlankLine { buffer.writeStaticString("\n") }
            buffer.writeString("event: \(name)\ndata: ")
        }
        // Handed over and taken back, so that the bytes are not copied.
        var json = JSONWriter(into: buffer)
        buffer = ByteBuffer()
        body(&json)
        buffer = json.finish()
        buffer.writeStaticString("\n")
        owesBlankLine = framing == .sse
    }

    /// Appends what shows that the connection lives and means nothing else.
    mutating func writeHeartbeat() {
        switch framing {
        case .json: break
        case .ndjson: buffer.writeStaticString("\n")
        case .sse: buffer.writeStaticString(":\n\n")
        }
    }

    /// Ends a flush: the last event gets the id, if any, and its blank line.
    mutating func endFlush(id: String?) {
        guard owesBlankLine else { return }
        if let id { buffer.writeString("id: \(id)\n") }
        buffer.writeStaticString("\n")
        owesBlankLine = false
    }

    /// Ends the answer: a page gets its last fields.
    mutating func close(extra: (inout JSONWriter) -> Void = { _ in }) {
        guard isPage else { return }
        // The fields come as an object of their own, whose opening brace becomes the comma after the records.
        var json = JSONWriter()
        json.beginObject()
        json.key("next")
        json.string(last?.cursor ?? "")
        json.key("caughtUp")
        json.bool(last?.caughtUp ?? false)
        if let lag = last?.lag {
            json.key("lag")
            json.integer(lag)
        }
        if !gaps.isEmpty { writeGaps(to: &json) }
        extra(&json)
        json.endObject()
        var fields = json.finish()
        fields.moveReaderIndex(forwardBy: 1)
        buffer.writeStaticString("],")
        buffer.writeBuffer(&fields)
    }

    /// Hands out what was written since the last time.
    mutating func take() -> ByteBuffer {
        takenBytes += buffer.readableBytes
        defer { buffer = ByteBuffer() }
        return buffer
    }

    private func writeGaps(to json: inout JSONWriter) {
        json.key("gaps")
        json.beginArray()
        for gap in gaps {
            json.beginObject()
            StreamEvent.write(gap, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private mutating func writeObject(_ fields: (inout JSONWriter) -> Void) {
        var json = JSONWriter()
        json.beginObject()
        fields(&json)
        json.endObject()
        buffer.writeImmutableBuffer(json.finish())
    }
}
