import Metrics

/// The broker's instruments, made once: their names are part of what operators rely on.
struct BrokerMetrics: Sendable {
    private let records: Counter
    private let bytes: Counter
    private let flushes: Counter
    private let requests: Counter
    private let duration: Timer
    private let delay: Timer

    /// What each counts, by the name under which it is shown; docs/http-api.md lists the same.
    static let help = [
        "millrace_records_appended_total": "Records that were appended, the broker's own included.",
        "millrace_bytes_appended_total": "Bytes of batches that were appended, as they are stored.",
        "millrace_journal_flushes_total": "Flushes of the commit journal: one a round.",
        "millrace_append_requests_total": "Appends that were flushed: so many a round were grouped.",
        "millrace_journal_round_duration_seconds": "How long rounds took: write, flush, and telling those who wait.",
        "millrace_journal_delay_duration_seconds": "How long rounds waited because the journal was short of room.",
    ]

    /// Instruments of a registry, and of whatever the process has set up for swift-metrics.
    init(_ registry: MetricsRegistry) {
        let factory = MultiplexMetricsHandler(factories: [registry, MetricsSystem.factory])
        records = Counter(label: "millrace_records_appended_total", factory: factory)
        bytes = Counter(label: "millrace_bytes_appended_total", factory: factory)
        flushes = Counter(label: "millrace_journal_flushes_total", factory: factory)
        requests = Counter(label: "millrace_append_requests_total", factory: factory)
        duration = Timer(label: "millrace_journal_round_duration", factory: factory)
        delay = Timer(label: "millrace_journal_delay_duration", factory: factory)
    }

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
