import BrokerCore
import RecordFormat

/// The bounds of one record, however it is sent.
struct RecordBounds {
    /// Which bound a record is beyond.
    enum Excess: Error, Hashable {
        /// It has too many headers, or too large ones.
        case headers(countMax: Int, bytesMax: ByteCount)
        /// It is too large as a whole.
        case record(bytes: ByteCount, bytesMax: ByteCount)
    }

    private let limits: Limits

    /// The bounds in force.
    init(_ limits: Limits) {
        self.limits = limits
    }

    /// Checks the parts of a record; answers what it takes of a batch at most.
    func check(key: Int?, value: Int?, headers: Int, headerBytes: ByteCount) throws(Excess) -> ByteCount {
        guard headers <= limits.headersPerRecordMax, headerBytes <= limits.headerBytesMax else {
            throw .headers(countMax: limits.headersPerRecordMax, bytesMax: limits.headerBytesMax)
        }
        let bytes = RecordBatchBuilder.encodedBytesMax(
            key: ByteCount(key ?? 0),
            value: ByteCount(value ?? 0),
            headers: headerBytes
        )
        let bytesMax = min(limits.recordBytesMax, limits.batchBytesMax - ByteCount(BatchHeader.size))
        guard bytes <= bytesMax else { throw .record(bytes: bytes, bytesMax: bytesMax) }
        return bytes
    }

    /// Checks a record that has been made.
    func check(_ record: DecodedRecord) throws(Excess) -> ByteCount {
        var headers = HeaderList()
        for header in record.headers {
            header.name.withUnsafeReadableBytes { name in
                guard let value = header.value else { return headers.append(name: name, value: nil) }
                value.withUnsafeReadableBytes { headers.append(name: name, value: $0) }
            }
        }
        return try check(
            key: record.key?.readableBytes,
            value: record.value?.readableBytes,
            headers: headers.count,
            headerBytes: headers.encodedBytes
        )
    }
}

extension RecordBounds.Excess {
    /// The code of the refusal.
    var code: ProblemCode {
        switch self {
        case .headers: .headersTooLarge
        case .record: .recordTooLarge
        }
    }

    /// What is wrong.
    ///
    /// - Parameters:
    ///   - what: what the record is called, with its article.
    ///   - headers: what its headers are called.
    func detail(of what: String, headers: String) -> String {
        switch self {
        case .headers(let countMax, let bytesMax): "\(what) has at most \(countMax) \(headers) of \(bytesMax) together"
        case .record(let bytes, let bytesMax):
            "\(what) takes up to \(bytes.value) bytes, and the most is \(bytesMax.value)"
        }
    }

    /// The bound, for programs.
    var members: [Problem.Member] {
        switch self {
        case .headers: []
        case .record(_, let bytesMax): [Problem.Member("maxBytes", .integer(Int64(bytesMax.value)))]
        }
    }
}
