import BenchSupport
import Glibc
import Synchronization

/// How long each request of a round took.
struct Latencies: Sendable {
    /// Sorted.
    let nanoseconds: [Int64]
    let elapsed: Duration

    var perSecond: Double { Double(nanoseconds.count) / elapsed.seconds }

    func milliseconds(at share: Double) -> Double {
        guard !nanoseconds.isEmpty else { return .nan }
        return Double(nanoseconds[min(nanoseconds.count - 1, Int(Double(nanoseconds.count) * share))]) / 1e6
    }
}

/// What the threads of a round found.
private final class Results: Sendable {
    private let state = Mutex<(times: [Int64], failure: (any Error)?)>(([], nil))

    func add(_ times: [Int64]) {
        state.withLock { $0.times += times }
    }

    func fail(_ error: any Error) {
        state.withLock { $0.failure = error }
    }

    func all() throws -> [Int64] {
        let (times, failure) = state.withLock { $0 }
        if let failure { throw failure }
        return times
    }
}

/// Connections that send small requests, each to a partition of its own choice in turn.
struct LatencyLoad: Sendable {
    let port: UInt16
    let topic: String
    let partitions: Int
    let connections: Int
    let seconds: Int
    /// Requests a second of all connections together; nil for as fast as answers come.
    let rate: Int?

    func run() throws -> Latencies {
        let results = Results()
        let start = ContinuousClock.now + .milliseconds(50)
        let threads = (0..<connections).map { number in
            SystemThread {
                do {
                    let times = try send(number, from: start)
                    results.add(times)
                } catch {
                    results.fail(error)
                }
            }
        }
        for thread in threads { thread.join() }
        let elapsed = ContinuousClock.now - start
        return Latencies(nanoseconds: try results.all().sorted(), elapsed: elapsed)
    }

    /// Sends for the round's time; a latency counts from the time at which the schedule wanted the request to go.
    private func send(_ number: Int, from start: ContinuousClock.Instant) throws -> [Int64] {
        let connection = try HTTPConnection(port: port)
        let value = Array("{\"n\":\"".utf8) + Array(repeating: UInt8(ascii: "x"), count: 91) + Array("\"}".utf8)
        var times: [Int64] = []
        var turn = number
        while true {
            let planned =
                rate.map { start + .seconds(1) * (Double(turn) / Double($0)) } ?? max(start, ContinuousClock.now)
            guard planned - start < .seconds(seconds) else { return times }
            Self.sleep(until: planned)
            let target = "/v1/topics/\(topic)/records?partition=\(turn % partitions)"
            let request = HTTPRequest("POST", target, headers: [("Content-Type", "text/plain")], body: value)
            let answer = try connection.exchange(request)
            guard answer.status == 200 else { throw MeasuredStore.Refused(description: answer.text) }
            times.append(Int64((ContinuousClock.now - planned).seconds * 1e9))
            turn += connections
        }
    }

    private static func sleep(until time: ContinuousClock.Instant) {
        let left = (time - ContinuousClock.now).seconds
        if left > 0 { usleep(UInt32(left * 1e6)) }
    }
}
