import Histogram

/// Latencies in microseconds, to three digits: an HdrHistogram.
package struct LatencyHistogram: Sendable {
    /// Whatever took longer counts as this.
    private static let microsecondsMax: UInt64 = 600_000_000

    private var histogram = Histogram<UInt64>(
        highestTrackableValue: Self.microsecondsMax,
        numberOfSignificantValueDigits: .three
    )

    package init() {}

    package init(microseconds values: [Int64]) {
        for value in values { record(microseconds: value) }
    }

    package mutating func record(microseconds: Int64) {
        histogram.record(min(UInt64(clamping: microseconds), Self.microsecondsMax))
    }

    package mutating func record(nanoseconds: Int64) {
        record(microseconds: nanoseconds / 1000)
    }

    package var count: Int { Int(histogram.totalCount) }

    /// What so many of a hundred do not exceed; not a number where there are none.
    package func milliseconds(percentile: Double) -> Double {
        count == 0 ? .nan : Double(histogram.valueAtPercentile(percentile)) / 1000
    }

    package var millisecondsMax: Double { milliseconds(percentile: 100) }
}
