import BenchSupport
import Glibc
import Synchronization

/// A producer that loses answers, is cut off in the middle of a request, and tries again until it knows.
struct HistoryProducer {
    /// What happens to the first attempt at a request.
    private enum Mishap {
        case none
        /// The answer is not waited for.
        case lostAnswer
        /// The broker is killed when half of the request is sent.
        case half
    }

    private let number: Int
    private let history: History
    private let seat: BrokerSeat
    private let partitions: SharedCount
    private var random: SplitMix
    private var epoch = 1
    private var sequence = 0
    private var connection: (port: UInt16, http: HTTPConnection)?

    init(number: Int, history: History, seat: BrokerSeat, partitions: SharedCount, seed: UInt64) {
        self.number = number
        self.history = history
        self.seat = seat
        self.partitions = partitions
        random = SplitMix(seed: seed)
    }

    /// Runs until the run is over or something is found that must not be.
    mutating func run() {
        do {
            while !seat.isOver, history.violation == nil { try step() }
        } catch {
            history.violated("producer \(number): \(error)")
        }
    }

    private mutating func step() throws {
        let request = draw(sequence)
        let outcome = try deliver(request, mishap: drawMishap())
        history.note(request, outcome)
        guard history.isIdempotent else { return }
        switch outcome {
        case .stored(let ranges):
            sequence += 1
            try probe(request, ranges)
        case .refused:
            // It was refused for load until the run was over: the sequence is still free.
            break
        case .unknown:
            // Only a new epoch is sure to begin anew.
            history.tally { $0.givenUp += 1 }
            beginEpoch()
        }
    }

    private mutating func draw(_ sequence: Int) -> HistoryRequest {
        HistoryRequest.random(
            history.nextNumber(),
            producer: number,
            epoch: epoch,
            sequence: sequence,
            partitionCount: partitions.value,
            &random
        )
    }

    private mutating func drawMishap() -> Mishap {
        switch Int.random(in: 0..<40, using: &random) {
        case 0..<4: .lostAnswer
        case 4: .half
        default: .none
        }
    }

    private mutating func beginEpoch() {
        epoch += 1
        sequence = 0
    }
}

extension HistoryProducer {
    /// Sends a request until its outcome is known; without idempotence only until an answer is lost.
    private mutating func deliver(_ request: HistoryRequest, mishap: Mishap) throws -> HistoryOutcome {
        history.note(request, .unknown)
        let http = request.http(history.topic, history.payload, isIdempotent: history.isIdempotent)
        var mishap = mishap
        var isUncertain = false
        while let connection = connect() {
            do {
                guard let answer = try attempt(http, over: connection, mishap) else {
                    // Half a request was nothing; of a whole one nobody heard.
                    if mishap == .lostAnswer { isUncertain = true }
                    if isUncertain, !history.isIdempotent { return .unknown }
                    mishap = .none
                    history.tally { $0.retries += 1 }
                    continue
                }
                if let outcome = try judge(answer, isUncertain) { return outcome }
                usleep(2000)
            } catch is HTTPConnection.Broken {
                isUncertain = true
            } catch is SystemFailure {
                isUncertain = true
            }
            self.connection = nil
            if isUncertain, !history.isIdempotent { return .unknown }
            mishap = .none
            history.tally { $0.retries += 1 }
        }
        return isUncertain ? .unknown : .refused
    }

    /// One attempt; nil when it ended in its mishap.
    private mutating func attempt(
        _ http: HTTPRequest,
        over connection: HTTPConnection,
        _ mishap: Mishap
    ) throws -> HTTPAnswer? {
        switch mishap {
        case .none: return try connection.exchange(http)
        case .lostAnswer:
            try connection.send(http.bytes)
            usleep(UInt32.random(in: 0..<3000, using: &random))
            history.tally { $0.lostAnswers += 1 }
        case .half:
            try connection.send(http.head + http.body.prefix(http.body.count / 2))
            seat.demandKill()
            history.tally { $0.halves += 1 }
        }
        self.connection = nil
        return nil
    }

    /// What an answer means; nil when the same is to be sent again.
    private func judge(_ answer: HTTPAnswer, _ isUncertain: Bool) throws -> HistoryOutcome? {
        switch answer.status {
        case 200:
            if answer.isDuplicate {
                history.tally { $0.duplicates += 1 }
                guard isUncertain else {
                    throw Violation("a request that was sent once is a duplicate: \(answer.text)")
                }
            }
            return .stored(answer.ranges)
        case 429, 503, 507:
            guard answer.hasNoSideEffects else { throw Violation("unclear: \(answer.text)") }
            return nil
        case 409 where isUncertain && isLostInGrowth(answer):
            return .unknown
        default:
            throw Violation("a produce request was answered \(answer.status): \(answer.text)")
        }
    }

    /// After growth the same records may look like others, and others like the same: the broker says that it cannot tell.
    private func isLostInGrowth(_ answer: HTTPAnswer) -> Bool {
        answer.status == 409 && answer.problem == "duplicate-unknown" && history.counts.growths > 0
    }

    private mutating func connect() -> HTTPConnection? {
        while let port = seat.port() {
            if let connection, connection.port == port { return connection.http }
            if let http = try? HTTPConnection(port: port) {
                connection = (port, http)
                return http
            }
            usleep(1000)
        }
        return nil
    }
}

extension HistoryProducer {
    /// Now and then asks for what has to be refused, or has to be recognised.
    private mutating func probe(_ request: HistoryRequest, _ ranges: [Int: Range<Int64>]) throws {
        switch Int.random(in: 0..<20, using: &random) {
        case 0: try repeatStored(request, ranges)
        case 1: try refuse(draw(sequence - 1), status: 422) { $0.conflicts += 1 }
        case 2: try refuse(draw(sequence + 1 + Int.random(in: 0..<3, using: &random)), status: 409) { $0.gaps += 1 }
        case 3: try leaveEpoch()
        default: break
        }
    }

    /// The same request again, without need: it answers the first offsets, and stores nothing.
    private mutating func repeatStored(_ request: HistoryRequest, _ ranges: [Int: Range<Int64>]) throws {
        let http = request.http(history.topic, history.payload, isIdempotent: true)
        guard let answer = try exchange(http) else { return }
        if isLostInGrowth(answer) { return }
        guard answer.status == 200, answer.isDuplicate, answer.ranges == ranges else {
            throw Violation("request \(request.number) is stored in \(ranges), sent again it answers \(answer.text)")
        }
        history.tally { $0.duplicates += 1 }
    }

    /// A request that must not be stored.
    private mutating func refuse(
        _ request: HistoryRequest,
        status: Int,
        _ tally: (inout History.Counts) -> Void
    ) throws {
        history.note(request, .refused)
        let http = request.http(history.topic, history.payload, isIdempotent: true)
        guard let answer = try exchange(http) else { return }
        let isRefusal = answer.status == status && answer.hasNoSideEffects
        guard isRefusal || (status == 422 && isLostInGrowth(answer)) else {
            throw Violation("request \(request.number) was to be refused with \(status): \(answer.text)")
        }
        history.tally(tally)
    }

    /// A new epoch: what comes under the former one is refused from its first request on.
    private mutating func leaveEpoch() throws {
        let (before, next) = (epoch, sequence)
        beginEpoch()
        let first = draw(sequence)
        let outcome = try deliver(first, mishap: .none)
        history.note(first, outcome)
        guard case .stored = outcome else { return beginEpoch() }
        sequence += 1
        let late = HistoryRequest(
            number: history.nextNumber(),
            producer: number,
            epoch: before,
            sequence: next,
            routing: [.none]
        )
        try refuse(late, status: 403) { $0.staleEpochs += 1 }
    }

    /// One exchange that may be cut off: then nothing is learned from it.
    private mutating func exchange(_ http: HTTPRequest) throws -> HTTPAnswer? {
        guard let connection = connect() else { return nil }
        do {
            let answer = try connection.exchange(http)
            return answer.status == 429 || answer.status == 503 ? nil : answer
        } catch is HTTPConnection.Broken {
            self.connection = nil
        } catch is SystemFailure {
            self.connection = nil
        }
        return nil
    }
}

/// A number that one thread changes and others look at.
final class SharedCount: Sendable {
    private let number: Atomic<Int>

    init(_ value: Int) {
        number = Atomic(value)
    }

    var value: Int {
        get { number.load(ordering: .acquiring) }
        set { number.store(newValue, ordering: .releasing) }
    }
}
