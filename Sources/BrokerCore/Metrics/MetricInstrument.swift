import Metrics
import Synchronization

/// What one instrument has counted, of whatever kind.
///
/// Concurrency: the lock is a leaf. It is taken a few times for each round of the journal, not for each record.
final class MetricInstrument: CounterHandler, FloatingPointCounterHandler, MeterHandler, RecorderHandler, TimerHandler {
    private struct State {
        var value = 0.0
        var count = 0
        /// How many observations were at most as large as each bound, and larger than the one before.
        var buckets: [Int]
    }

    /// The upper bounds of a histogram, in seconds: a flush takes from a tenth of a millisecond to, on a bad disk, seconds.
    static let boundsSeconds = [
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]

    let name: String
    let kind: MetricFamily.Kind
    let labels: [(name: String, value: String)]
    private let state: Mutex<State>

    init(name: String, kind: MetricFamily.Kind, labels: [(name: String, value: String)]) {
        self.name = name
        self.kind = kind
        self.labels = labels
        state = Mutex(State(buckets: kind == .histogram ? Array(repeating: 0, count: Self.boundsSeconds.count) : []))
    }

    /// The numbers as they are now.
    var samples: [MetricFamily.Sample] {
        let state = state.withLock { $0 }
        switch kind {
        case .counter, .gauge: return [.init(state.value, labels: labels)]
        case .summary: return totals(state)
        case .histogram: return cumulated(state) + totals(state)
        }
    }

    private func totals(_ state: State) -> [MetricFamily.Sample] {
        [
            .init(state.value, labels: labels, suffix: "_sum"),
            .init(Double(state.count), labels: labels, suffix: "_count"),
        ]
    }

    private func cumulated(_ state: State) -> [MetricFamily.Sample] {
        var sum = 0
        var samples: [MetricFamily.Sample] = []
        for (bound, count) in zip(Self.boundsSeconds, state.buckets) {
            sum += count
            samples.append(.init(Double(sum), labels: labels + [("le", "\(bound)")], suffix: "_bucket"))
        }
        samples.append(.init(Double(state.count), labels: labels + [("le", "+Inf")], suffix: "_bucket"))
        return samples
    }

    // MARK: Counting

    func increment(by amount: Int64) { add(Double(amount)) }
    func increment(by amount: Double) { add(amount) }
    func decrement(by amount: Double) { add(-amount) }
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { state.withLock { $0.value = value } }
    func reset() { set(0.0) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        if kind == .gauge { set(value) } else { observe(value) }
    }

    func recordNanoseconds(_ duration: Int64) { observe(Double(duration) / 1_000_000_000) }

    private func add(_ amount: Double) {
        state.withLock { $0.value += amount }
    }

    private func observe(_ value: Double) {
        let bucket = kind == .histogram ? Self.boundsSeconds.firstIndex { value <= $0 } : nil
        state.withLock { state in
            state.value += value
            state.count += 1
            if let bucket { state.buckets[bucket] += 1 }
        }
    }
}
