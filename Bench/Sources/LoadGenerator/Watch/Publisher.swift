import BenchSupport

/// Sends records whose value is the moment at which they are to be sent, one a request.
package struct Publisher {
    private let connection: HTTPConnection
    private let target: String
    /// How long the requests took, in microseconds.
    package private(set) var delays: [Int64] = []

    /// A publisher to a topic of a broker.
    package init(port: UInt16, topic: String) throws {
        try self.init(port: port, target: "/v1/topics/\(topic)/records")
    }

    /// A publisher to any path that takes JSON.
    package init(port: UInt16, target: String) throws {
        connection = try HTTPConnection(port: port)
        self.target = target
    }

    /// Sends one, and returns when it was accepted: with Millrace, when it is on stable storage.
    package mutating func publish() throws {
        try publish(at: MonotonicClock.microseconds)
    }

    /// Sends one that should go at a moment, which may have passed.
    private mutating func publish(at moment: Int64) throws {
        try send(Array("{\"records\":[{\"value\":\(moment)}]}".utf8))
        delays.append(MonotonicClock.microseconds - moment)
    }

    /// Sends one of many bytes.
    package func publish(bytes: Int) throws {
        try send(Array("{\"records\":[{\"value\":\"\(String(repeating: "x", count: bytes))\"}]}".utf8))
    }

    private func send(_ body: [UInt8]) throws {
        let fields = [("Content-Type", "application/json")]
        let answer = try connection.exchange(HTTPRequest("POST", target, headers: fields, body: body))
        guard (200...202).contains(answer.status) else {
            throw Client.Unexpected(description: "a record was answered \(answer.status): \(answer.text)")
        }
    }

    /// Sends at a steady rate for a time: a slow answer does not slow the schedule.
    package mutating func publish(perSecond rate: Double, seconds: Double) throws {
        let begin = MonotonicClock.microseconds
        for number in 0..<max(1, Int(rate * seconds)) {
            let moment = begin + Int64(Double(number) * 1_000_000 / rate)
            MonotonicClock.sleep(until: moment)
            try publish(at: moment)
        }
        MonotonicClock.sleep(until: begin + Int64(seconds * 1_000_000))
    }
}
