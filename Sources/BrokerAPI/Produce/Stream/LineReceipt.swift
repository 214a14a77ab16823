import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// Where the records of some lines are: what a client is told once they are on stable storage.
///
///     {"type":"receipt","lines":[1,3],"count":3,"partitions":[{"partition":0,"baseOffset":4,"endOffset":7,"count":3}],...}
///
/// Of one group the records of a partition lie side by side, in the order of their lines; of several, range by range.
struct LineReceipt: Sendable {
    /// Offsets of one partition.
    struct Part: Sendable {
        let partition: PartitionIndex
        let base: Offset
        var end: Offset
    }

    private let firstLine: Int
    private var lastLine: Int
    private var count: Int
    private(set) var parts: [Part]
    /// The last part of each partition; empty until another receipt was taken in.
    private var places: [PartitionIndex: Int] = [:]

    /// The receipt of a group.
    init(_ group: LineGroup, _ stored: [AppendReceipt]) {
        firstLine = group.firstLine
        lastLine = group.lastLine
        count = group.recordCount
        parts = stored.map { Part(partition: $0.target.partition, base: $0.base, end: $0.end) }
    }

    /// Takes in the receipt of the lines behind it; ranges that touch become one.
    mutating func merge(_ next: LineReceipt) {
        if places.isEmpty {
            for (index, part) in parts.enumerated() { places[part.partition] = index }
        }
        lastLine = next.lastLine
        count += next.count
        for part in next.parts {
            if let index = places[part.partition], parts[index].end == part.base {
                parts[index].end = part.end
            } else {
                places[part.partition] = parts.count
                parts.append(part)
            }
        }
    }

    /// Writes it as a line.
    func write(to lines: inout LineWriter) {
        lines.write("receipt") { json in
            json.key("lines")
            json.beginArray()
            json.integer(firstLine)
            json.integer(lastLine)
            json.endArray()
            json.key("count")
            json.integer(count)
            json.key("partitions")
            json.beginArray()
            for part in parts.sorted(by: { ($0.partition, $0.base) < ($1.partition, $1.base) }) {
                Self.write(part, to: &json)
            }
            json.endArray()
            json.key("durability")
            json.string("flushed")
        }
    }

    private static func write(_ part: Part, to json: inout JSONWriter) {
        json.beginObject()
        json.key("partition")
        json.integer(part.partition.value)
        json.key("baseOffset")
        json.integer(part.base.value)
        json.key("endOffset")
        json.integer(part.end.value)
        json.key("count")
        json.integer(part.end - part.base)
        json.endObject()
    }
}

/// Receipts that wait to be sent: one a group, as long as there are not too many of them.
struct ReceiptQueue: Sendable {
    private let receiptsMax: Int
    private let rangesMax: Int
    private var receipts: [LineReceipt] = []

    /// No receipts.
    init(receiptsMax: Int, rangesMax: Int) {
        self.receiptsMax = receiptsMax
        self.rangesMax = rangesMax
    }

    /// Whether none waits.
    var isEmpty: Bool { receipts.isEmpty }
    /// Whether nothing more may be read before these are sent.
    var isFull: Bool { receipts.reduce(0) { $0 + $1.parts.count } >= rangesMax }

    /// Adds one; beyond the bound it becomes a part of the last.
    mutating func add(_ receipt: LineReceipt) {
        if receipts.count < receiptsMax { return receipts.append(receipt) }
        receipts[receipts.count - 1].merge(receipt)
    }

    /// Writes all of them, and forgets them.
    mutating func take(into lines: inout LineWriter) {
        for receipt in receipts { receipt.write(to: &lines) }
        receipts = []
    }
}

/// Writes events as lines of NDJSON.
struct LineWriter {
    /// What was written.
    private(set) var bytes = ByteBuffer()

    /// Writes an event: its type, and what the closure writes.
    mutating func write(_ type: String, _ fields: (inout JSONWriter) -> Void) {
        var json = JSONWriter(into: bytes)
        bytes = ByteBuffer()
        json.beginObject()
        json.key("type")
        json.string(type)
        fields(&json)
        json.endObject()
        bytes = json.finish()
        bytes.writeStaticString("\n")
    }
}
