import BenchSupport

/// A produce request: its number and where each of its records goes.
struct SentRequest: Sendable {
    let number: UInt64
    /// The partition of each record, in the request's order.
    let partitions: [Int]

    init(number: UInt64, count: Int, partitionCount: Int, random: inout SplitMix) {
        self.number = number
        partitions = (0..<count).map { _ in Int.random(in: 0..<partitionCount, using: &random) }
    }

    /// The records of a partition by their places in the request.
    func indexes(in partition: Int) -> [Int] {
        partitions.indices.filter { partitions[$0] == partition }
    }

    /// The request for a topic.
    func http(_ topic: String, _ payload: Payload, headers: [(String, String)] = []) -> HTTPRequest {
        var body: [UInt8] = []
        for (index, partition) in partitions.enumerated() {
            let identity = Payload.Identity(request: number, index: index)
            body += Array("{\"partition\":\(partition)".utf8)
            if let key = payload.key(of: identity) { body += Array(",\"key\":\"\(key)\"".utf8) }
            if let value = payload.value(of: identity) { body += Array(",\"value\":".utf8) + value }
            body += Array("}\n".utf8)
        }
        let type = [("Content-Type", "application/x-ndjson")]
        return HTTPRequest("POST", "/v1/topics/\(topic)/records", headers: type + headers, body: body)
    }

    /// The first offset of each partition, as an answer tells.
    func bases(in answer: HTTPAnswer) throws -> [Int: Int64] {
        var bases: [Int: Int64] = [:]
        for fields in JSONText(answer.body[...]).objects("partitions") {
            guard let partition = fields.integer("partition").map({ Int($0) }), let base = fields.integer("baseOffset"),
                let end = fields.integer("endOffset"), end - base == Int64(indexes(in: partition).count)
            else { throw Violation("not the answer to this request: \(answer.text)") }
            bases[partition] = base
        }
        guard Set(bases.keys) == Set(partitions) else {
            throw Violation("partitions are missing in the answer: \(answer.text)")
        }
        return bases
    }
}
