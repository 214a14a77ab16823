/// Reads a partition from an offset to its end, page by page.
package struct PartitionReader {
    /// A record as it was read.
    package struct Record {
        package let offset: Int64
        package let key: String?
        /// The value's bytes as sent; `null` for a tombstone.
        package let value: ArraySlice<UInt8>
    }

    private let port: UInt16
    private let topic: String
    private let partition: Int

    /// A reader of one partition.
    package init(port: UInt16, topic: String, partition: Int) {
        self.port = port
        self.topic = topic
        self.partition = partition
    }

    /// Calls `body` with each record, in the order of the answers.
    package func forEach(from start: Int64, _ body: (Record) throws -> Void) throws {
        let connection = try HTTPConnection(port: port)
        var next = start
        while true {
            let target = "/v1/topics/\(topic)/partitions/\(partition)/records?offset=\(next)&framing=ndjson&limit=1000"
            let answer = try connection.exchange(HTTPRequest("GET", target))
            guard answer.status == 200 else {
                throw Client.Unexpected(description: "\(target) answered \(answer.status): \(answer.text)")
            }
            let page = try read(answer, body)
            guard page.cursor > next, !page.isCaughtUp else { return }
            next = page.cursor
        }
    }

    /// Reads one page; where the next begins, and whether there is one.
    private func read(
        _ answer: HTTPAnswer,
        _ body: (Record) throws -> Void
    ) throws -> (cursor: Int64, isCaughtUp: Bool) {
        var end: (cursor: Int64, isCaughtUp: Bool)?
        for line in answer.body.split(separator: UInt8(ascii: "\n")) {
            let text = JSONText(line)
            switch text.string("type") {
            case "record": try body(try record(text))
            case "bookmark":
                guard let cursor = text.string("cursor")?.split(separator: "@").last,
                    let offset = Int64(cursor)
                else { throw Client.Unexpected(description: "not a cursor: \(String(decoding: line, as: UTF8.self))") }
                end = (offset, String(decoding: line, as: UTF8.self).contains("\"caughtUp\":true"))
            case "goodbye", "gap": break
            default: throw Client.Unexpected(description: String(decoding: line, as: UTF8.self))
            }
        }
        guard let end else { throw Client.Unexpected(description: "a page without a bookmark: \(answer.text)") }
        return end
    }

    private func record(_ text: JSONText) throws -> Record {
        guard let offset = text.integer("offset"), let value = text.last("value") else {
            throw Client.Unexpected(description: "not a record: \(String(decoding: text.bytes, as: UTF8.self))")
        }
        return Record(offset: offset, key: text.string("key"), value: value)
    }
}
