import JSONBytes
import NIOCore

/// Reads `{"records":[...]}`.
enum JSONRecordsBody {
    private static let names: [StaticString] = ["records"]

    /// Checks the body once, puts it on one line, and reads its records into the intake.
    static func read(
        _ body: inout ByteBuffer,
        depthMax: Int,
        with reader: inout RecordReader,
        into intake: inout RecordIntake
    ) throws(Problem) {
        let value = try prepare(&body, depthMax: depthMax)
        try body.withUnsafeReadableBytes { (bytes) throws(Problem) in
            try readRecords(bytes, value, with: &reader, into: &intake)
        }
        if intake.recordCount == 0 { throw RecordPlace.body.invalid("records is empty") }
    }

    /// Checks that the body is JSON, puts it on one line, and answers where its value stands.
    ///
    /// - Parameter levels: what stands around each record's value: the body's own object and array, and the record.
    static func prepare(
        _ body: inout ByteBuffer,
        depthMax: Int,
        around levels: Int = 3
    ) throws(Problem) -> Range<Int> {
        let shape = try body.withUnsafeReadableBytes { (bytes) throws(Problem) in
            try validate(bytes, depthMax: depthMax + levels)
        }
        // Only now, and only then, the body is copied: the request still holds it as it was sent.
        if shape.hasLineBreaks { JSONLineBreaks.replaceBetweenTokens(in: &body) }
        return shape.value
    }

    private static func validate(_ bytes: UnsafeRawBufferPointer, depthMax: Int) throws(Problem) -> JSONShape {
        do throws(JSONError) {
            return try JSONValidator.validate(bytes, depthMax: depthMax)
        } catch {
            let line = bytes[..<min(error.byteOffset, bytes.count)].count { $0 == UInt8(ascii: "\n") } + 1
            var problem = RecordPlace.body.invalid(
                "not valid JSON on its line \(line): \(error.reason)",
                byteOffset: error.byteOffset
            )
            problem.members.append(Problem.Member("line", .integer(Int64(line))))
            throw problem
        }
    }

    private static func readRecords(
        _ bytes: UnsafeRawBufferPointer,
        _ value: Range<Int>,
        with reader: inout RecordReader,
        into intake: inout RecordIntake
    ) throws(Problem) {
        let fields = try JSONFields(bytes, value, known: names)
        guard let records = fields.range(0) else {
            throw RecordPlace.body.invalid("the field records is missing: {\"records\":[{\"key\":\"a\",\"value\":1}]}")
        }
        var cursor = JSONCursor(bytes, value: records)
        guard cursor.enterArray() else {
            throw RecordPlace.body.invalid("records is not an array", byteOffset: records.lowerBound)
        }
        var bad = BadRecords()
        var index = 0
        while cursor.nextElement() {
            let record = cursor.takeValue()
            try bad.judge { () throws(Problem) in try reader.read(bytes, record, into: &intake, .record(index)) }
            index += 1
        }
        try bad.refuse()
    }
}
