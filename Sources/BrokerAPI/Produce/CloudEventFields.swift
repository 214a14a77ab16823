import HTTPTypes
import JSONBytes
import NIOCore
import RecordFormat

/// Reads a CloudEvent in binary mode: its attributes are header fields `ce-...`, the body is its data.
enum CloudEventFields {
    private static let prefix = "ce-"

    /// Reads the event into the intake.
    static func read(
        _ fields: HTTPFields,
        _ body: inout ByteBuffer,
        depthMax: Int,
        partition: PartitionIndex?,
        into intake: inout RecordIntake
    ) throws(Problem) {
        var attributes = CloudEventAttributes()
        if let type = fields[.contentType] { try attributes.take("datacontenttype", type, .body) }
        for field in fields where field.name.canonicalName.hasPrefix(prefix) {
            let name = String(field.name.canonicalName.dropFirst(prefix.count))
            guard let value = PercentDecoding.decode(field.value, plusIsSpace: false) else {
                throw RecordPlace.body.invalid("the field \(field.name): not percent-encoded UTF-8")
            }
            try attributes.take(name, value, .body)
        }
        if let key = try ProduceFormat.recordKey(fields) { try attributes.take("partitionkey", key, .body) }
        try attributes.check(.body)
        var parts = RecordParts(kind: .tombstone, timestamp: intake.now)
        parts.partition = partition
        guard body.readableBytes > 0 else { return try intake.append(parts, of: attributes, place: .body) }
        var value = body.readableBytesView.startIndex..<body.readableBytesView.endIndex
        parts.kind = .bytes
        if attributes.contentType != nil, attributes.isJSON {
            parts.kind = .json
            value = try JSONRecordsBody.prepare(&body, depthMax: depthMax, around: 0)
        }
        try body.withUnsafeReadableBytes { (bytes) throws(Problem) in
            parts.value = parts.kind == .json ? UnsafeRawBufferPointer(rebasing: bytes[value]) : bytes
            try intake.append(parts, of: attributes, place: .body)
        }
    }
}
