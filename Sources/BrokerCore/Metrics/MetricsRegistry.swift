public import Metrics
import Synchronization

/// What instruments of swift-metrics have counted, kept in memory for a surface to show.
///
/// A timer becomes a histogram in seconds, and its name gets `_seconds`; a recorder that aggregates becomes a summary, another
/// one a gauge. Two instruments with the same name and dimensions are one.
///
/// Concurrency: the lock is a leaf, and is taken to make and to list instruments, never to count.
public final class MetricsRegistry: MetricsFactory {
    private struct Key: Hashable {
        let name: String
        let labels: [String]
    }

    private let instruments = Mutex<[Key: MetricInstrument]>([:])

    /// A registry of nothing yet.
    public init() {}

    /// Every instrument's numbers, by name, without what they mean.
    var families: [MetricFamily] {
        let found = instruments.withLock { Array($0.values) }
        let byName = Dictionary(grouping: found, by: \.name).sorted { $0.key < $1.key }
        return byName.compactMap { name, instruments in
            guard let kind = instruments.first?.kind else { return nil }
            let samples = instruments.sorted { "\($0.labels)" < "\($1.labels)" }.flatMap(\.samples)
            return MetricFamily(name, kind, "", samples)
        }
    }

    /// A counter.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(label, dimensions, .counter)
    }

    /// A counter of fractions.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        make(label, dimensions, .counter)
    }

    /// A gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        make(label, dimensions, .gauge)
    }

    /// A gauge, or a summary of what was recorded.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        make(label, dimensions, aggregate ? .summary : .gauge)
    }

    /// A histogram of lengths of time.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        make(label + "_seconds", dimensions, .histogram)
    }

    /// Forgets a counter.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// Forgets a counter of fractions.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    /// Forgets a gauge.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Forgets a gauge or a summary.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Forgets a histogram.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    private func make(
        _ name: String,
        _ dimensions: [(String, String)],
        _ kind: MetricFamily.Kind
    ) -> MetricInstrument {
        let key = Key(name: name, labels: dimensions.flatMap { [$0.0, $0.1] })
        return instruments.withLock { instruments in
            if let known = instruments[key], known.kind == kind { return known }
            let labels = dimensions.map { (name: $0.0, value: $0.1) }
            let made = MetricInstrument(name: name, kind: kind, labels: labels)
            instruments[key] = made
            return made
        }
    }

    private func forget(_ handler: AnyObject) {
        instruments.withLock { instruments in instruments = instruments.filter { $0.value !== handler } }
    }
}
