import BenchSupport
import NIOCore
import RecordFormat

/// The records of all loops: orders as JSON of 100 bytes, keyed by a thousand customers; the same in every run.
struct SampleRecords {
    /// The bytes of each value.
    static let valueBytes = 100
    /// When the first one was made.
    static let start = Timestamp(millisecondsSinceEpoch: 1_795_255_200_120)
    /// How many records a batch has: that of 500 takes about 64 KiB, as readers fetch it.
    static let batchRecords = 500

    /// The keys, such as `c-0417`.
    let keys: [[UInt8]]
    /// The values.
    let values: [[UInt8]]

    /// So many records.
    init(count: Int) {
        var random = SplitMix(seed: 7)
        var keys: [[UInt8]] = []
        var values: [[UInt8]] = []
        for index in 0..<count {
            let customer = "c-" + Self.digits(random.next() % 1000, 4)
            keys.append(Array(customer.utf8))
            values.append(Self.value(index, customer, &random))
        }
        self.keys = keys
        self.values = values
    }

    /// The records as lines that produce takes: `{"key":...,"value":{...}}`.
    var lines: ByteBuffer {
        var body = ByteBuffer()
        for (key, value) in zip(keys, values) {
            body.writeStaticString("{\"key\":\"")
            body.writeBytes(key)
            body.writeStaticString("\",\"value\":")
            body.writeBytes(value)
            body.writeStaticString("}\n")
        }
        return body
    }

    /// The values alone, a line each.
    var bareLines: ByteBuffer {
        var body = ByteBuffer()
        for value in values {
            body.writeBytes(value)
            body.writeInteger(UInt8(ascii: "\n"))
        }
        return body
    }

    /// One after another, with the place of each.
    var joinedValues: (bytes: [UInt8], places: [Range<Int>]) {
        var bytes: [UInt8] = []
        let places = values.map { value in
            bytes += value
            return bytes.count - value.count..<bytes.count
        }
        return (bytes, places)
    }

    /// The batches that a log has of them, from offset 0 on.
    func batches(of count: Int = batchRecords) -> [RecordBatch] {
        stride(from: 0, to: values.count, by: count).map { first in
            var batch = self.batch(first..<min(first + count, values.count))
            batch.stamp(baseOffset: Offset(Int64(first)), leaderEpoch: LeaderEpoch(0))
            return batch
        }
    }

    /// A batch of some of them.
    func batch(_ range: Range<Int>) -> RecordBatch {
        var builder = RecordBatchBuilder(isJSON: true)
        for index in range {
            keys[index].withUnsafeBytes { key in
                values[index].withUnsafeBytes { value in
                    let time = Self.start.advanced(byMilliseconds: Int64(index - range.lowerBound))
                    builder.append(timestamp: time, key: key, value: value)
                }
            }
        }
        return builder.finish()
    }

    private static func value(_ index: Int, _ customer: String, _ random: inout SplitMix) -> [UInt8] {
        let states = ["open", "paid", "sent", "lost"]
        let state = states[Int(random.next() % 4)]
        let amount = digits(1 + random.next() % 9, 1) + digits(random.next() % 1000, 3) + ".25"
        var text = "{\"id\":\"o-\(digits(UInt64(index), 6))\",\"customer\":\"\(customer)\",\"state\":\"\(state)\""
        text += ",\"amount\":\(amount),\"note\":\""
        while text.utf8.count < valueBytes - 2 {
            text.unicodeScalars.append(UnicodeScalar(UInt8(ascii: "a") + UInt8(random.next() % 26)))
        }
        return Array((text + "\"}").utf8)
    }

    private static func digits(_ number: UInt64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
