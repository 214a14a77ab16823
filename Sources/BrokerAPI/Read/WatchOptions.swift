import BrokerCore
import JSONBytes
import RecordFormat

/// What a reader asked for, all of it checked.
struct WatchOptions: Sendable {
    /// The bytes after which a piece is handed out: a write to the socket costs a hop and a flush.
    static let pieceBytes = 48 * 1024

    /// How events are written.
    var framing: Framing
    /// Whether to keep streaming.
    var isWatch: Bool
    /// Whether only one partition is read.
    var isOnePartition: Bool
    /// The most records.
    var recordsMax: Int
    /// The most bytes, but always one record.
    var bytesMax: Int
    /// Until when a page waits for its first record.
    var waitUntil: MonotonicInstant?
    /// How long a watch lasts.
    var timeoutMilliseconds: Int64?
    /// Whether a gap is refused.
    var isStrict: Bool
    /// The SSE name of records.
    var recordEvent: String
    /// The reconnection time that SSE tells.
    var retryMilliseconds: Int64
    /// What spreads the timers.
    var random: UInt64
    /// The bounds in force.
    var limits: Limits
    /// Which records are wanted; nil is all of them.
    var filter: RecordFilter?
    /// What of a record's value is wanted; nil is all of it.
    var projection: JSONProjection?

    /// Whether the answer is one document, which is written whole at its end.
    var isOnePiece: Bool { framing == .json && !isWatch }

    /// The fields that a page has beyond those of all: whether `to` was reached, and the next offset of one partition.
    func pageFields(_ cursor: Cursor) -> (inout JSONWriter) -> Void {
        { json in
            if cursor.positions.contains(where: { $0.end != nil }) {
                json.key("end")
                json.bool(cursor.isAtEnd)
            }
            guard isOnePartition, let position = cursor.positions.first else { return }
            json.key("nextOffset")
            json.integer(position.next.value)
        }
    }
}

extension WatchOptions {
    /// Reads the query of a read route.
    init(
        _ context: RequestContext,
        isOnePartition: Bool,
        engine: any BrokerEngine,
        configuration: APIConfiguration
    ) throws(Problem) {
        let query = context.query
        let limits = engine.limits
        let choice = try Negotiation.read(context)
        let records = try query.integer("limit", in: 1...Int64.max).map { Int(clamping: $0) }
        let bytes = try query.integer("maxBytes", in: 1...Int64.max).map { Int(clamping: $0) }
        let timeout = try query.milliseconds("timeout")
        let wait = try query.milliseconds("wait")
        if choice.isWatch, wait != nil {
            throw Problem.invalidRequest("wait= is for a page, and a watch waits by itself; leave wait= out")
        }
        let longest = min(wait ?? 0, limits.waitMax.wholeMilliseconds, timeout ?? .max)
        self.init(
            framing: choice.framing,
            isWatch: choice.isWatch,
            isOnePartition: isOnePartition,
            recordsMax: choice.isWatch ? records ?? .max : min(records ?? .max, limits.pageRecordsMax),
            bytesMax: choice.isWatch ? bytes ?? .max : min(bytes ?? .max, limits.pageBytesMax.value),
            waitUntil: longest > 0 ? engine.clock.now.advanced(byMilliseconds: longest) : nil,
            timeoutMilliseconds: timeout,
            isStrict: try query.bool("strict") ?? false,
            recordEvent: try Self.recordEvent(query),
            retryMilliseconds: configuration.retryMilliseconds,
            random: configuration.random(),
            limits: limits,
            filter: try query["filter"].map { (text) throws(Problem) in try FilterParser.parse(text, limits: limits) },
            projection: try query["fields"].map { (text) throws(Problem) in try FieldList.parse(text, limits: limits) }
        )
    }

    /// What a stream is that has no pages and no records: those of the options that any stream has.
    init(
        watching framing: Framing,
        timeoutMilliseconds: Int64?,
        recordEvent: String = "record",
        limits: Limits,
        configuration: APIConfiguration
    ) {
        self.init(
            framing: framing,
            isWatch: true,
            isOnePartition: false,
            recordsMax: .max,
            bytesMax: .max,
            waitUntil: nil,
            timeoutMilliseconds: timeoutMilliseconds,
            isStrict: false,
            recordEvent: recordEvent,
            retryMilliseconds: configuration.retryMilliseconds,
            random: configuration.random(),
            limits: limits
        )
    }

    /// The SSE name of records that the client wants.
    static func recordEvent(_ query: QueryParameters) throws(Problem) -> String {
        switch query["event"] {
        case nil, "record": "record"
        case "message": "message"
        case .some(let text):
            throw Problem.invalidRequest("event is record or message, not \"\(Problem.shown(text))\"")
        }
    }
}
