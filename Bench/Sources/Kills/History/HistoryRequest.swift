import BenchSupport

/// One produce request of a history: who sends it, as which of his, and what is in it.
struct HistoryRequest: Sendable {
    /// How a record finds its partition.
    enum Routing: Sendable {
        case partition(Int)
        case key(String)
        case none
    }

    /// Unique in the run, and ascending for each producer.
    let number: UInt64
    let producer: Int
    let epoch: Int
    let sequence: Int
    let routing: [Routing]

    static func random(
        _ number: UInt64,
        producer: Int,
        epoch: Int,
        sequence: Int,
        partitionCount: Int,
        _ random: inout SplitMix
    ) -> HistoryRequest {
        let routing = (0..<Int.random(in: 1...30, using: &random)).map { _ -> Routing in
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1: .partition(Int.random(in: 0..<partitionCount, using: &random))
            case 2: .key("k\(Int.random(in: 0..<50, using: &random))")
            default: .none
            }
        }
        return HistoryRequest(
            number: number,
            producer: producer,
            epoch: epoch,
            sequence: sequence,
            routing: routing
        )
    }

    /// The request as bytes; its producer's name and sequence go with it when there is idempotence.
    func http(_ topic: String, _ payload: Payload, isIdempotent: Bool) -> HTTPRequest {
        var body: [UInt8] = []
        for (index, routing) in routing.enumerated() {
            switch routing {
            case .partition(let number): body += Array("{\"partition\":\(number),\"value\":".utf8)
            case .key(let key): body += Array("{\"key\":\"\(key)\",\"value\":".utf8)
            case .none: body += Array("{\"value\":".utf8)
            }
            body += payload.value(of: Payload.Identity(request: number, index: index)) ?? []
            body += Array("}\n".utf8)
        }
        var headers = [("Content-Type", "application/x-ndjson")]
        if isIdempotent {
            headers += [
                ("Producer-Id", "p\(producer)"), ("Producer-Epoch", "\(epoch)"), ("Producer-Seq", "\(sequence)"),
            ]
        }
        return HTTPRequest("POST", "/v1/topics/\(topic)/records", headers: headers, body: body)
    }
}

/// What a producer knows in the end of a request.
enum HistoryOutcome: Sendable {
    /// The broker says it is stored, in these offsets of each partition.
    case stored([Int: Range<Int64>])
    /// The broker says that nothing of it is stored.
    case refused
    /// Nobody has said.
    case unknown
}

extension HTTPAnswer {
    /// The ranges that a produce answer tells, by partition.
    var ranges: [Int: Range<Int64>] {
        var ranges: [Int: Range<Int64>] = [:]
        for fields in JSONText(body[...]).objects("partitions") {
            guard let partition = fields.integer("partition"), let base = fields.integer("baseOffset"),
                let end = fields.integer("endOffset"), base < end
            else { continue }
            ranges[Int(partition)] = base..<end
        }
        return ranges
    }

    var hasNoSideEffects: Bool { text.contains("\"noSideEffects\":true") }
    var isDuplicate: Bool { text.contains("\"duplicate\":true") }
    var problem: String { JSONText(body[...]).string("code") ?? "" }
}
