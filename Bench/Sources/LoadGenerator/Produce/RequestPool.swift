import BenchSupport

/// Requests made before anything is measured, so that sending one costs a system call and nothing else.
package struct RequestPool: Sendable {
    /// The requests, which are sent in turn; no two have the same bytes.
    let requests: [[UInt8]]
    /// How many records each of them has.
    package let recordsEach: Int
    /// What a good answer has in its body.
    let proof: [UInt8]
    /// Where a request has room for the moment at which it should go, in microseconds.
    private var stampStarts: [Int] = []
    /// What stands there until then; JSON allows spaces behind a number.
    private static let stampRoom = "0               "

    /// The requests with this number, or one that tells its moment in its value.
    func request(_ number: Int, at nanoseconds: Int64) -> [UInt8] {
        let place = number % requests.count
        guard !stampStarts.isEmpty else { return requests[place] }
        var request = requests[place]
        for (index, digit) in "\(nanoseconds / 1000)".utf8.prefix(Self.stampRoom.utf8.count).enumerated() {
            request[stampStarts[place] + index] = digit
        }
        return request
    }
}

extension RequestPool {
    /// What a broker says of records that are on stable storage.
    private static let flushed = Array("\"durability\":\"flushed\"".utf8)

    /// One record a request as a body of its own, with keys that spread over the partitions.
    package static func singles(topic: String, recordBytes: Int, count: Int = 1024) -> RequestPool {
        var values = Values(bytes: recordBytes)
        let requests = (0..<count).map { number in
            let fields = [("Content-Type", "application/octet-stream"), ("Record-Key", "key-\(number)")]
            return HTTPRequest("POST", "/v1/topics/\(topic)/records", headers: fields, body: values.next()).bytes
        }
        return RequestPool(requests: requests, recordsEach: 1, proof: flushed)
    }

    /// One record a request, whose value is the moment at which it should go.
    package static func stamped(target: String, proof: String, count: Int = 16) -> RequestPool {
        let text = "{\"records\":[{\"value\":\(stampRoom)}]}"
        let body = Array(text.utf8)
        let request = HTTPRequest("POST", target, headers: [("Content-Type", "application/json")], body: body).bytes
        let start = request.count - stampRoom.utf8.count - 3
        return RequestPool(
            requests: Array(repeating: request, count: count),
            recordsEach: 1,
            proof: Array(proof.utf8),
            stampStarts: Array(repeating: start, count: count)
        )
    }

    /// The same for a topic of a broker.
    package static func stamped(topic: String) -> RequestPool {
        stamped(target: "/v1/topics/\(topic)/records", proof: "\"durability\":\"flushed\"")
    }

    /// Many values a request, a line each; without keys, so that each request goes to one partition.
    package static func lines(topic: String, recordBytes: Int, recordsEach: Int) -> RequestPool {
        var values = Values(bytes: recordBytes)
        // As many as keep their bytes from being the same ones again within a cache or a window of compression.
        let count = max(4, min(64, (16 << 20) / (recordBytes * recordsEach)))
        let fields = [("Content-Type", "application/x-ndjson")]
        let requests = (0..<count).map { _ in
            var body: [UInt8] = []
            for _ in 0..<recordsEach { body += values.next() + [UInt8(ascii: "\n")] }
            return HTTPRequest("POST", "/v1/topics/\(topic)/records?as=values", headers: fields, body: body).bytes
        }
        return RequestPool(requests: requests, recordsEach: recordsEach, proof: flushed)
    }

    /// Many records a request, each with a key, so that a request goes to as many partitions as it has records, if there are so many.
    package static func keyedLines(topic: String, recordBytes: Int, recordsEach: Int, keys: Int) -> RequestPool {
        var values = Values(bytes: recordBytes)
        var random = SplitMix(seed: .random(in: .min ... .max))
        let fields = [("Content-Type", "application/x-ndjson")]
        let requests = (0..<64).map { _ in
            var body: [UInt8] = []
            for _ in 0..<recordsEach {
                body += Array("{\"key\":\"key-\(Int.random(in: 0..<keys, using: &random))\",\"value\":".utf8)
                body += values.next() + Array("}\n".utf8)
            }
            return HTTPRequest("POST", "/v1/topics/\(topic)/records", headers: fields, body: body).bytes
        }
        return RequestPool(requests: requests, recordsEach: recordsEach, proof: flushed)
    }

    /// A put a request for etcd's gateway, of a value of this many bytes under one of a thousand keys.
    package static func etcdPuts(recordBytes: Int, count: Int = 1024) -> RequestPool {
        var values = Values(bytes: recordBytes)
        let requests = (0..<count).map { number in
            let key = Base64.text(Array("key-\(number)".utf8))
            let body = Array("{\"key\":\"\(key)\",\"value\":\"\(Base64.text(values.next()))\"}".utf8)
            let fields = [("Content-Type", "application/json")]
            return HTTPRequest("POST", "/v3/kv/put", headers: fields, body: body).bytes
        }
        return RequestPool(requests: requests, recordsEach: 1, proof: Array("\"revision\"".utf8))
    }
}

/// JSON values of a size, with random letters, so that nothing compresses them away.
private struct Values {
    private let bytes: Int
    private var random = SplitMix(seed: .random(in: .min ... .max))
    private static let letters = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)

    init(bytes: Int) {
        self.bytes = bytes
    }

    /// `{"n":"..."}`, or as much of a string as fits a smaller size.
    mutating func next() -> [UInt8] {
        let (before, after) = bytes >= 10 ? ("{\"n\":\"", "\"}") : ("\"", "\"")
        var value = Array(before.utf8)
        while value.count < bytes - after.utf8.count { value.append(Self.letters[Int(random.next() & 63)]) }
        return value + after.utf8
    }
}

/// RFC 4648, as etcd's gateway wants bytes.
private enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let six = Int(bits >> UInt32(18 - 6 * place)) & 63
                text.append(place <= group.count ? alphabet[six] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
