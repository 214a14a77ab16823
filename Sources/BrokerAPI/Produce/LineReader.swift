import JSONBytes
import RecordFormat

/// Reads what stands on lines, one line after the other.
struct LineReader: Sendable {
    private let lines: NDJSONRecordsBody.Lines
    private let depthMax: Int
    private var records: RecordReader
    private var values: BareValueReader

    /// A reader; `partitionDefault` is for records that do not name theirs.
    init(_ lines: NDJSONRecordsBody.Lines, depthMax: Int, partitionDefault: PartitionIndex?) {
        self.lines = lines
        records = RecordReader(partitionDefault: partitionDefault)
        switch lines {
        case .records:
            // A record object is one level around its value.
            self.depthMax = depthMax + 1
            values = BareValueReader(key: nil, partition: partitionDefault)
        case .values(let key):
            self.depthMax = depthMax
            values = BareValueReader(key: key, partition: partitionDefault)
        }
    }

    /// Reads the record on a line of the body, without its line break; a blank line has none.
    mutating func read(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ line: Range<Int>,
        into intake: inout RecordIntake,
        _ place: RecordPlace
    ) throws(Problem) {
        guard let value = try prepare(bytes, line, place) else { return }
        let all = UnsafeRawBufferPointer(bytes)
        switch lines {
        case .records: try records.read(all, value, into: &intake, place)
        case .values: try values.read(all, value, into: &intake, place)
        }
    }

    /// Checks one line and rids it of carriage returns between tokens; nil when it is blank.
    private func prepare(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ line: Range<Int>,
        _ place: RecordPlace
    ) throws(Problem) -> Range<Int>? {
        let text = UnsafeMutableRawBufferPointer(rebasing: bytes[line])
        if text.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { return nil }
        do throws(JSONError) {
            let shape = try JSONValidator.validate(UnsafeRawBufferPointer(text), depthMax: depthMax)
            if shape.hasLineBreaks { JSONLineBreaks.replaceBetweenTokens(in: text) }
            return shape.value.lowerBound + line.lowerBound..<shape.value.upperBound + line.lowerBound
        } catch {
            throw place.invalid("not valid JSON: \(error.reason)", byteOffset: line.lowerBound + error.byteOffset)
        }
    }
}
