import BenchSupport
import Synchronization

/// Everything that the producers of a run were told.
final class History: Sendable {
    struct Entry: Sendable {
        let request: HistoryRequest
        var outcome: HistoryOutcome
    }

    struct Counts: Sendable {
        var lostAnswers = 0
        var halves = 0
        var retries = 0
        var duplicates = 0
        var conflicts = 0
        var gaps = 0
        var staleEpochs = 0
        var growths = 0
        var givenUp = 0
    }

    let topic: String
    let payload: Payload
    let isIdempotent: Bool
    private let entries = Mutex<[UInt64: Entry]>([:])
    private let numbers = Atomic<UInt64>(1)
    private let count = Mutex(Counts())
    private let violations = Mutex<[String]>([])

    init(topic: String, seed: UInt64, isIdempotent: Bool) {
        self.topic = topic
        self.isIdempotent = isIdempotent
        payload = Payload(seed: seed, valueBytesMax: 400, keyCount: nil, tombstoneEach: nil)
    }

    /// A number that no request had.
    func nextNumber() -> UInt64 { numbers.add(1, ordering: .relaxed).oldValue }

    func note(_ request: HistoryRequest, _ outcome: HistoryOutcome) {
        entries.withLock { $0[request.number] = Entry(request: request, outcome: outcome) }
    }

    func tally(_ change: (inout Counts) -> Void) {
        count.withLock { change(&$0) }
    }

    /// Something that must not be; the run ends.
    func violated(_ text: String) {
        violations.withLock { $0.append(text) }
    }

    var all: [UInt64: Entry] { entries.withLock { $0 } }
    var counts: Counts { count.withLock { $0 } }
    var violation: String? { violations.withLock { $0.first } }
}
