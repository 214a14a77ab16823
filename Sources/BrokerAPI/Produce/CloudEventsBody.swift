import JSONBytes
import NIOCore
import RecordFormat

/// Reads CloudEvents in structured mode: one event, or an array of them, as JSON.
enum CloudEventsBody {
    /// What the body is.
    enum Shape: Sendable {
        /// `application/cloudevents+json`.
        case event
        /// `application/cloudevents-batch+json`.
        case batch
    }

    /// Checks the body once, puts it on one line, and reads its events into the intake.
    static func read(
        _ body: inout ByteBuffer,
        _ shape: Shape,
        depthMax: Int,
        partition: PartitionIndex?,
        into intake: inout RecordIntake
    ) throws(Problem) {
        let value = try JSONRecordsBody.prepare(&body, depthMax: depthMax)
        var reader = CloudEventReader(partition: partition, depthMax: depthMax)
        try body.withUnsafeReadableBytes { (bytes) throws(Problem) in
            switch shape {
            case .event: try reader.read(bytes, value, into: &intake, .body)
            case .batch: try readBatch(bytes, value, with: &reader, into: &intake)
            }
        }
    }

    private static func readBatch(
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        with reader: inout CloudEventReader,
        into intake: inout RecordIntake
    ) throws(Problem) {
        var cursor = JSONCursor(bytes, value: value)
        guard cursor.enterArray() else {
            throw RecordPlace.body.invalid("a batch of CloudEvents is an array", byteOffset: value.lowerBound)
        }
        var bad = BadRecords()
        var index = 0
        while cursor.nextElement() {
            let event = cursor.takeValue()
            try bad.judge { () throws(Problem) in try reader.read(bytes, event, into: &intake, .record(index)) }
            index += 1
        }
        try bad.refuse()
        if index == 0 { throw RecordPlace.body.invalid("the batch is empty") }
    }
}
