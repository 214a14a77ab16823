import BenchSupport

/// Sends records whose value is the moment at which they are sent, one a request.
struct Publisher {
    private let connection: HTTPConnection
    private let target: String
    /// How long the requests took, in microseconds.
    private(set) var delays: [Int64] = []

    init(port: UInt16, topic: String) throws {
        connection = try HTTPConnection(port: port)
        target = "/v1/topics/\(topic)/records"
    }

    /// Sends one, and returns when it is on stable storage.
    mutating func publish() throws {
        let begin = Clock.microseconds
        let body = Array("{\"records\":[{\"value\":\(begin)}]}".utf8)
        try send(body)
        delays.append(Clock.microseconds - begin)
    }

    /// Sends one of many bytes.
    func publish(bytes: Int) throws {
        try send(Array("{\"records\":[{\"value\":\"\(String(repeating: "x", count: bytes))\"}]}".utf8))
    }

    private func send(_ body: [UInt8]) throws {
        let fields = [("Content-Type", "application/json")]
        let answer = try connection.exchange(HTTPRequest("POST", target, headers: fields, body: body))
        guard answer.status == 200 else {
            throw Client.Unexpected(description: "a record was answered \(answer.status): \(answer.text)")
        }
    }

    /// Sends at a steady rate for a time: a slow answer does not slow the schedule.
    mutating func publish(perSecond rate: Double, seconds: Double) throws {
        let begin = Clock.microseconds
        let count = Int(rate * seconds)
        for number in 0..<max(1, count) {
            Clock.sleep(until: begin + Int64(Double(number) * 1_000_000 / rate))
            try publish()
        }
        Clock.sleep(until: begin + Int64(seconds * 1_000_000))
    }
}
