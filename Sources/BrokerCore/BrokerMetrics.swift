import Metrics

/// The broker's instruments, made once: their names are part of what operators rely on.
struct BrokerMetrics: Sendable {
    private let records = Counter(label: "millrace_records_appended_total")
    private let bytes = Counter(label: "millrace_bytes_appended_total")
    private let flushes = Counter(label: "millrace_journal_flushes_total")
    private let requests = Counter(label: "millrace_append_requests_total")
    private let duration = Timer(label: "millrace_journal_round_duration")

    private let delay = Timer(label: "millrace_journal_delay_duration")

    /// A round waited for room in the ring.
    func noteDelay(_ milliseconds: Int64) {
        delay.recordMilliseconds(milliseconds)
    }

    /// The beginning of a round.
    func beginRound() -> ContinuousClock.Instant {
        ContinuousClock.now
    }

    /// Counts a round that was flushed.
    func endRound(_ begin: ContinuousClock.Instant, _ round: [QueuedAppend]) {
        let elapsed = begin.duration(to: .now).components
        duration.recordNanoseconds(elapsed.seconds * 1_000_000_000 + elapsed.attoseconds / 1_000_000_000)
        flushes.increment()
        requests.increment(by: round.count)
        var recordCount = 0
        var byteCount = 0
        for request in round {
            byteCount += request.bytes
            for append in request.request.appends {
                for batch in append.batches { recordCount += batch.recordCount }
            }
        }
        records.increment(by: recordCount)
        bytes.increment(by: byteCount)
    }
}
