/// The head of an answer, and how its body comes.
package struct HTTPAnswer {
    /// The status.
    package let status: Int
    /// The fields, by name in lower case.
    package let headers: [String: String]
    /// The body; empty where it is read piece by piece.
    package var body: [UInt8] = []

    package var text: String { String(decoding: body, as: UTF8.self) }
    package var isChunked: Bool { headers["transfer-encoding"]?.lowercased() == "chunked" }
    package var length: Int { headers["content-length"].flatMap { Int($0) } ?? 0 }
    /// Whether the broker keeps the connection open after this answer.
    package var keepsConnection: Bool { headers["connection"]?.lowercased() != "close" }
}

extension HTTPConnection {
    /// Sends a request and reads the whole answer.
    package func exchange(_ request: HTTPRequest) throws -> HTTPAnswer {
        try send(request.bytes)
        return try answer()
    }

    /// Reads a whole answer.
    package func answer() throws -> HTTPAnswer {
        var answer = try head()
        if answer.isChunked {
            while let chunk = try chunk() { answer.body += chunk }
        } else {
            answer.body = Array(try bytes(answer.length))
        }
        return answer
    }

    /// Reads an answer's head; its body comes chunk by chunk.
    package func head() throws -> HTTPAnswer {
        let words = String(decoding: try line(), as: UTF8.self).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
            throw Broken(description: "not a status line: \(words)")
        }
        var headers: [String: String] = [:]
        while true {
            let line = String(decoding: try line(), as: UTF8.self)
            guard !line.isEmpty else { break }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw Broken(description: "not a header field: \(line)") }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return HTTPAnswer(status: status, headers: headers)
    }

    /// The next chunk of a chunked body; nil after the last.
    package func chunk() throws -> ArraySlice<UInt8>? {
        let size = String(decoding: try line(), as: UTF8.self)
        guard let count = Int(size, radix: 16) else { throw Broken(description: "not a chunk's size: \(size)") }
        let chunk = try bytes(count)
        _ = try line()
        return count == 0 ? nil : chunk
    }
}
