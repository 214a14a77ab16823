/// What the runs ask of a broker, each over a connection of its own unless one is given.
package struct Client {
    /// An answer that should not have come.
    package struct Unexpected: Error, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    private let port: UInt16

    /// A client of the broker at a port.
    package init(port: UInt16) {
        self.port = port
    }

    /// Creates a topic with settings as JSON.
    package func createTopic(_ name: String, _ settings: String) throws {
        let request = HTTPRequest("PUT", "/v1/topics/\(name)", body: Array(settings.utf8))
        try expect([200, 201], of: request)
    }

    package func deleteTopic(_ name: String) throws {
        try expect([204], of: HTTPRequest("DELETE", "/v1/topics/\(name)"))
    }

    /// Whether a topic is there.
    package func hasTopic(_ name: String) throws -> Bool {
        try expect([200, 404], of: HTTPRequest("GET", "/v1/topics/\(name)")).status == 200
    }

    /// The offsets of a topic's partitions, and how large they are.
    package func partitions(_ topic: String) throws -> [PartitionFacts] {
        let answer = try expect([200], of: HTTPRequest("GET", "/v1/topics/\(topic)/partitions"))
        return try JSONText(answer.body[...]).objects("partitions").map { fields in
            guard let start = fields.integer("logStartOffset"), let end = fields.integer("visibleOffset"),
                let size = fields.integer("sizeBytes")
            else { throw Unexpected(description: "not a list of partitions: \(answer.text)") }
            return PartitionFacts(start: start, end: end, sizeBytes: size)
        }
    }

    /// Sends a request and insists on one of these answers.
    @discardableResult
    package func expect(_ statuses: Set<Int>, of request: HTTPRequest) throws -> HTTPAnswer {
        let answer = try HTTPConnection(port: port).exchange(request)
        guard statuses.contains(answer.status) else {
            let line = String(decoding: request.head.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
            throw Unexpected(description: "\(line) answered \(answer.status): \(answer.text)")
        }
        return answer
    }
}

/// Where a partition begins and ends.
package struct PartitionFacts: Hashable {
    package let start: Int64
    package let end: Int64
    package let sizeBytes: Int64
}
