import NIOCore

/// What the lines of an input are.
public enum LineFormat: Sendable, Hashable {
    /// Each line is a record object: `{"key","value","headers","partition","timestamp"}`.
    case records
    /// Each line is a bare JSON value; its key is at this JSON pointer, if one is given.
    case values(key: String?)

    var query: [(name: String, value: String?)] {
        switch self {
        case .records: []
        case .values(let key): [("as", "values"), ("key", key)]
        }
    }
}

/// Sends lines in bounded requests, one after the other, so that order is kept and memory is bounded.
///
/// Each request is atomic. When one fails, `summary.records` tells how many records were stored before it, and
/// `requestLines` which lines of the input it held: the rest can be sent later from there.
public struct LineProducer: Sendable {
    /// What was stored so far.
    public private(set) var summary = ProduceSummary(records: 0, ranges: [])
    /// The lines of the input, counted from 1, that the last or failed request held.
    public private(set) var requestLines: ClosedRange<Int>?

    private let client: MillraceClient
    private let topic: String
    private let format: LineFormat
    private var producer: Producer?
    private var splitter: LineSplitter
    private var body = ByteBuffer()
    private var bodyRecords = 0
    private var firstLine = 1
    private var lastLine = 0

    init(client: MillraceClient, topic: String, format: LineFormat, producer: Producer?) {
        self.client = client
        self.topic = topic
        self.format = format
        self.producer = producer
        self.splitter = LineSplitter(lineBytesMax: client.configuration.lineBytesMax)
    }

    /// Takes the next bytes of the input, cut anywhere, and sends what makes full requests.
    public mutating func write(_ bytes: some Collection<UInt8>) async throws(MillraceError) {
        splitter.append(ByteBuffer(bytes: bytes))
        while let line = try splitter.next() {
            try await take(line)
        }
    }

    /// Ends a file: a last line without a line break counts as a line.
    public mutating func endFile() async throws(MillraceError) {
        if let line = splitter.takeRest() { try await take(line) }
    }

    /// Sends what is there, although it makes no full request: for an input that comes slowly.
    public mutating func flush() async throws(MillraceError) {
        try await send()
    }

    /// Sends the rest, a last line without a line break included.
    public mutating func finish() async throws(MillraceError) {
        try await endFile()
        try await send()
    }

    private mutating func take(_ line: ByteBuffer) async throws(MillraceError) {
        let isFull =
            body.readableBytes + line.readableBytes >= client.configuration.requestBytesMax
            || bodyRecords >= client.configuration.requestRecordsMax
        if isFull { try await send() }
        lastLine += 1
        // Blank lines are sent as well, though they are no records: the broker's line numbers stay ours.
        body.writeImmutableBuffer(line)
        body.writeInteger(UInt8(ascii: "\n"))
        if line.readableBytesView.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }) {
            bodyRecords += 1
        }
    }

    private mutating func send() async throws(MillraceError) {
        if bodyRecords > 0 {
            requestLines = firstLine...lastLine
            let stored = try await client.produceLines(topic, format, count: bodyRecords, body, as: &producer)
            summary.records += stored.records
            summary.ranges = ProducedRange.merging(summary.ranges, stored.ranges)
        }
        body.clear()
        bodyRecords = 0
        firstLine = lastLine + 1
    }
}
