import BenchSupport
import CPoller
import Glibc

/// Requests over many connections, driven by one thread: as fast as they are answered, or on a schedule that nothing slows.
package struct ProduceLoad: Sendable {
    package var port: UInt16
    package var connections: Int
    package var requests: RequestPool
    /// Requests a second of all connections together; nil for as fast as answers come.
    package var rate: Double?
    /// What goes before, and is not counted.
    package var warmUpSeconds = 1.0
    package var seconds = 5.0
    /// The server, whose processor time is counted.
    package var server: ProcessFamily?

    /// A load of a server on this machine.
    package init(port: UInt16, connections: Int, requests: RequestPool) {
        self.port = port
        self.connections = connections
        self.requests = requests
    }

    /// What came of it.
    package struct Outcome: Sendable {
        /// Requests that were answered in the time that counts, and records in them.
        package fileprivate(set) var requests = 0
        package fileprivate(set) var records = 0
        /// All records that were acknowledged, those of the warm-up and of the end too.
        package fileprivate(set) var recordsInAll = 0
        package fileprivate(set) var seconds = 0.0
        /// From the moment at which a request should have gone to its whole answer.
        package fileprivate(set) var latencies = LatencyHistogram()
        package fileprivate(set) var serverSeconds = 0.0
        package fileprivate(set) var clientSeconds = 0.0

        package var recordsPerSecond: Double { Double(records) / seconds }
    }

    /// Answers that do not come any more are waited for so long.
    private static let drainNanoseconds: Int64 = 30_000_000_000

    /// Runs it on this thread.
    ///
    /// - Throws: When an answer is not the expected one.
    package func run() throws -> Outcome {
        var run = try Run(self)
        defer { run.close() }
        try run.drive()
        return run.outcome
    }

    /// A run under way.
    private struct Run {
        let load: ProduceLoad
        var outcome = Outcome()
        private let poller: Int32
        private var exchanges: [Exchange] = []
        private var free: [Int] = []
        private var schedule: Schedule
        private let from: Int64
        private let end: Int64
        private var number = 0
        private var isCounting = false

        init(_ load: ProduceLoad) throws {
            self.load = load
            poller = try SystemFailure.check(poller_make(), "epoll_create1", "")
            for index in 0..<load.connections {
                exchanges.append(try Exchange(port: load.port))
                try SystemFailure.check(poller_add(poller, exchanges[index].descriptor, UInt32(index)), "epoll_ctl", "")
            }
            free = Array(exchanges.indices)
            let begin = MonotonicClock.nanoseconds
            let from = begin + Int64(load.warmUpSeconds * 1e9)
            let end = from + Int64(load.seconds * 1e9)
            (self.from, self.end) = (from, end)
            if let rate = load.rate {
                schedule = .open(start: begin, nanosecondsEach: 1e9 / rate, end: end, next: 0)
            } else {
                schedule = .closed
            }
        }

        func close() {
            for exchange in exchanges { Glibc.close(exchange.descriptor) }
            Glibc.close(poller)
        }

        mutating func drive() throws {
            var numbers = [UInt32](repeating: 0, count: 512)
            while true {
                let now = MonotonicClock.nanoseconds
                if !isCounting, now >= from { try startCounting() }
                if now >= end, isCounting, outcome.seconds == 0 { try stopCounting(now) }
                if now < end || !schedule.isOver { try sendDue(now) }
                if now >= end, schedule.isOver, free.count == exchanges.count { return }
                guard now < end + ProduceLoad.drainNanoseconds else {
                    throw HTTPConnection.Broken(description: "\(exchanges.count - free.count) answers do not come")
                }
                let phase = (now < from ? from : now < end ? end : now + 100_000_000) - now
                let wait = free.isEmpty ? phase : min(phase, schedule.wait(now))
                let count = poller_wait_nanoseconds(poller, &numbers, Int32(numbers.count), wait)
                for number in numbers.prefix(Int(max(0, count))) { try advance(Int(number)) }
            }
        }

        private mutating func startCounting() throws {
            isCounting = true
            outcome.serverSeconds = try load.server?.processorSeconds() ?? 0
            outcome.clientSeconds = ProcessFacts.ownSeconds
        }

        /// The time is over; what was sent before is still waited for.
        private mutating func stopCounting(_ now: Int64) throws {
            outcome.seconds = Double(now - from) / 1e9
            outcome.serverSeconds = (try load.server?.processorSeconds() ?? 0) - outcome.serverSeconds
            outcome.clientSeconds = ProcessFacts.ownSeconds - outcome.clientSeconds
        }

        private mutating func sendDue(_ now: Int64) throws {
            while let index = free.last, let moment = schedule.take(now) {
                free.removeLast()
                try exchanges[index].begin(load.requests.request(number, at: moment), planned: moment)
                number += 1
                try wantWrites(index)
            }
        }

        private mutating func wantWrites(_ index: Int) throws {
            guard case .sending = exchanges[index].state else { return }
            let result = poller_want_writes(poller, exchanges[index].descriptor, UInt32(index), 1)
            try SystemFailure.check(result, "epoll_ctl", "")
        }

        private mutating func advance(_ index: Int) throws {
            var wasSending = false
            if case .sending = exchanges[index].state { wasSending = true }
            try exchanges[index].advance(proof: load.requests.proof)
            switch exchanges[index].state {
            case .idle, .sending: return
            case .awaiting:
                guard wasSending else { return }
                let result = poller_want_writes(poller, exchanges[index].descriptor, UInt32(index), 0)
                try SystemFailure.check(result, "epoll_ctl", "")
            case .answered(let status, let isProved):
                guard (200...202).contains(status), isProved else {
                    throw Client.Unexpected(description: "answered \(status): \(exchanges[index].text)")
                }
                count(exchanges[index].planned)
                free.append(index)
            }
        }

        private mutating func count(_ planned: Int64) {
            let now = MonotonicClock.nanoseconds
            outcome.recordsInAll += load.requests.recordsEach
            if planned >= from { outcome.latencies.record(nanoseconds: now - planned) }
            guard isCounting, outcome.seconds == 0 else { return }
            outcome.requests += 1
            outcome.records += load.requests.recordsEach
        }
    }
}
