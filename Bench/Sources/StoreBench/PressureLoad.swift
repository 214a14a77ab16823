import BenchSupport
import Glibc
import Synchronization

/// Connections that send large records as fast as they are let, while the broker is looked at from outside.
struct PressureLoad: Sendable {
    let port: UInt16
    let pid: pid_t
    let connections: Int
    let seconds: Int
    let valueBytes: Int

    /// What came of it.
    struct Outcome {
        let latencies: Latencies
        let refusals: Int
        /// The values of the field that came with refusals.
        let retryAfter: Set<Int>
        let residentBefore: Double
        /// In MiB, four times a second.
        let resident: Series
        let unreadMebibytesMost: Double
    }

    private struct State {
        var times: [Int64] = []
        var refusals = 0
        var retryAfter: Set<Int> = []
        var failure: (any Error)?
        var runningCount = 0
    }

    func run() throws -> Outcome {
        let state = Shared(State(runningCount: connections))
        let before = try ProcessFacts.residentMebibytes(pid)
        let start = ContinuousClock.now
        let threads = (0..<connections).map { number in
            SystemThread {
                do {
                    try send(number, from: start, state)
                } catch {
                    state.change { $0.failure = error }
                }
                state.change { $0.runningCount -= 1 }
            }
        }
        var resident = Series()
        var unread = 0.0
        while state.change({ $0.runningCount }) > 0 {
            usleep(250_000)
            resident.add(try ProcessFacts.residentMebibytes(pid))
            unread = max(unread, Double(ProcessFacts.unreadBytes(port: port)) / 1_048_576)
        }
        for thread in threads { thread.join() }
        let elapsed = ContinuousClock.now - start
        let end = state.change { $0 }
        if let failure = end.failure { throw failure }
        return Outcome(
            latencies: Latencies(nanoseconds: end.times.sorted(), elapsed: elapsed),
            refusals: end.refusals,
            retryAfter: end.retryAfter,
            residentBefore: before,
            resident: resident,
            unreadMebibytesMost: unread
        )
    }

    private final class Shared: Sendable {
        private let state: Mutex<State>

        init(_ state: sending State) {
            self.state = Mutex(state)
        }

        func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
            state.withLock { body(&$0) }
        }
    }

    /// Sends until the time is over.
    ///
    /// On a connection that is kept it goes on at once after a refusal: it is the broker that
    /// must not read then.
    private func send(_ number: Int, from start: ContinuousClock.Instant, _ state: Shared) throws {
        var connection = try HTTPConnection(port: port, silenceSecondsMax: 120)
        let target = "/v1/topics/slow/records?partition=\(number % 8)"
        let value = Array(repeating: UInt8(ascii: "x"), count: valueBytes)
        let request = HTTPRequest("POST", target, headers: [("Content-Type", "text/plain")], body: value)
        while ContinuousClock.now - start < .seconds(seconds) {
            let begin = ContinuousClock.now
            let answer = try connection.exchange(request)
            let time = Int64((ContinuousClock.now - begin).seconds * 1e9)
            switch answer.status {
            case 200: state.change { $0.times.append(time) }
            case 429:
                guard let wait = answer.headers["retry-after"].flatMap({ Int($0) }) else {
                    throw MeasuredStore.Refused(description: "429 without Retry-After: \(answer.text)")
                }
                state.change { state in
                    state.refusals += 1
                    state.retryAfter.insert(wait)
                }
            default: throw MeasuredStore.Refused(description: answer.text)
            }
            guard !answer.keepsConnection else { continue }
            // It may only come back as another connection, and does so when it was told to.
            sleep(UInt32(answer.headers["retry-after"].flatMap { UInt32($0) } ?? 0))
            connection = try HTTPConnection(port: port, silenceSecondsMax: 120)
        }
    }
}
