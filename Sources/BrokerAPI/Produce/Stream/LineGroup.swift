import BrokerCore
import RecordFormat

/// The records of some lines of a streamed body, which go into one append.
struct LineGroup: Sendable {
    /// The first line, from 1.
    let firstLine: Int
    /// The last line; the one before the first while there is none.
    private(set) var lastLine: Int
    /// What the lines took in the body, line breaks included.
    private(set) var bodyBytes = 0
    /// Whether the next line does not go with these.
    private(set) var isFull = false
    /// Their records.
    private(set) var intake: RecordIntake

    /// A group without lines.
    init(firstLine: Int, _ intake: RecordIntake) {
        self.firstLine = firstLine
        self.intake = intake
        lastLine = firstLine - 1
    }

    /// How many records there are: a blank line has none.
    var recordCount: Int { intake.recordCount }

    /// Whether a line of so many bytes goes with those that are there; the first one always does.
    ///
    /// A record takes no more in its batch than its line does, but for a little around it.
    mutating func takes(lineBytes: Int, _ bounds: LineGroupBounds) -> Bool {
        let bytes = intake.encodedBytesMax.value + lineBytes + LineGroupBounds.bytesAroundRecord
        isFull = recordCount > 0 && (recordCount >= bounds.recordsMax || bytes > bounds.bytesMax.value)
        return !isFull
    }

    /// Takes a line, by what reads its record.
    mutating func take(
        bytes: Int,
        _ read: (inout RecordIntake) throws(Problem) -> Void
    ) throws(Problem) {
        try read(&intake)
        lastLine += 1
        bodyBytes += bytes
    }

    /// Forgets what the lines took in the body, and tells it.
    mutating func letGoOfBytes() -> Int {
        defer { bodyBytes = 0 }
        return bodyBytes
    }

    /// The batches of all partitions.
    mutating func finish() throws(Problem) -> [AppendItem] {
        try intake.finish()
    }
}

/// How large a group of lines grows.
struct LineGroupBounds: Sendable {
    /// What a record may take beyond its line: lengths, and the header of its trace.
    static let bytesAroundRecord = 256

    /// The encoded bytes.
    let bytesMax: ByteCount
    /// The records.
    let recordsMax: Int
}
