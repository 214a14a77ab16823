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
                writeResults(intake.places, receipts, to: &json)
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

    private static func writeResults(
        _ places: [RecordIntake.Place],
        _ receipts: [AppendReceipt],
        to json: inout JSONWriter
    ) {
        var timestamp = ByteBuffer()
        json.key("results")
        json.beginArray()
        for place in places {
            let receipt = receipts[Int(place.slot)]
            json.beginObject()
            json.key("partition")
            json.integer(receipt.target.partition.value)
            json.key("offset")
            json.integer(receipt.base.advanced(by: Int(place.index)).value)
            // A duplicate was stored with the time of its first arrival, which is not known here.
            if !receipt.isDuplicate {
                json.key("timestamp")
                timestamp.clear()
                place.timestamp.write(rfc3339Into: &timestamp)
                json.string(utf8: timestamp)
            }
            json.endObject()
        }
        json.endArray()
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
