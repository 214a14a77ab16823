import BrokerCore
import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// The answer to a produce request as JSON.
enum ProduceText {
    /// Tells where the records went.
    static func reply(
        _ intake: RecordIntake,
        _ receipts: [AppendReceipt],
        asSummary: Bool,
        _ producer: ProducerSequence?
    ) -> APIReply {
        let isDuplicate = receipts.contains(where: \.isDuplicate)
        return .json(headers: fields(of: producer)) { json in
            if asSummary {
                writeSummary(receipts, to: &json)
                json.key("count")
                json.integer(intake.recordCount)
            } else {
                json.key("results")
                json.raw(results(intake.places, receipts))
            }
            if isDuplicate {
                json.key("duplicate")
                json.bool(true)
            }
            json.key("durability")
            json.string("flushed")
        }
    }

    private static func fields(of producer: ProducerSequence?) -> HTTPFields {
        guard let producer else { return [:] }
        return [.producerEpoch: String(producer.epoch), .producerSeq: String(producer.sequence)]
    }

    /// `[{"partition":0,"offset":912,"timestamp":"2026-11-21T10:00:00.120Z"},...]`, in room that is taken once.
    private static func results(_ places: [RecordIntake.Place], _ receipts: [AppendReceipt]) -> ByteBuffer {
        var timestamps = TimestampText()
        var results = ByteBuffer()
        results.writeWithUnsafeMutableBytes(minimumWritableBytes: 2 + places.count * resultBytesMax) { room in
            var text = TextWriter(room)
            text.write("[")
            for (index, place) in places.enumerated() {
                if index > 0 { text.write(",") }
                write(place, receipts[Int(place.slot)], to: &text, &timestamps)
            }
            text.write("]")
            return text.position
        }
        return results
    }

    /// The most bytes of a result: its names, two numbers and a timestamp.
    private static let resultBytesMax = 64 + 2 * TextWriter.decimalBytesMax + TimestampText.bytesMax

    private static func write(
        _ place: RecordIntake.Place,
        _ receipt: AppendReceipt,
        to text: inout TextWriter,
        _ timestamps: inout TimestampText
    ) {
        text.write("{\"partition\":")
        text.write(decimal: Int64(receipt.target.partition.value))
        text.write(",\"offset\":")
        text.write(decimal: receipt.base.advanced(by: Int(place.index)).value)
        // A duplicate was stored with the time of its first arrival, which is not known here.
        if !receipt.isDuplicate {
            text.write(",\"timestamp\":\"")
            text.advance(by: timestamps.write(place.timestamp, to: text.place))
            text.write("\"")
        }
        text.write("}")
    }

    private static func writeSummary(_ receipts: [AppendReceipt], to json: inout JSONWriter) {
        json.key("partitions")
        json.beginArray()
        for receipt in receipts.sorted(by: { $0.target < $1.target }) {
            json.beginObject()
            json.key("partition")
            json.integer(receipt.target.partition.value)
            json.key("baseOffset")
            json.integer(receipt.base.value)
            json.key("endOffset")
            json.integer(receipt.end.value)
            json.key("count")
            json.integer(receipt.end - receipt.base)
            json.endObject()
        }
        json.endArray()
    }
}
