import BrokerCore
import NIOCore

/// Metrics in Prometheus' text format, version 0.0.4.
///
///     # HELP millrace_records_appended_total Records that were appended, the broker's own included.
///     # TYPE millrace_records_appended_total counter
///     millrace_records_appended_total 42
enum MetricsText {
    /// What the text calls itself.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Writes families, each name once; one without numbers is left out.
    static func text(of families: [MetricFamily]) -> ByteBuffer {
        var text = ByteBuffer()
        for family in families where !family.samples.isEmpty {
            if !family.help.isEmpty {
                text.writeString("# HELP \(family.name) \(escaped(family.help, quotes: false))\n")
            }
            text.writeString("# TYPE \(family.name) \(family.kind.rawValue)\n")
            for sample in family.samples { write(sample, of: family, to: &text) }
        }
        return text
    }

    private static func write(_ sample: MetricFamily.Sample, of family: MetricFamily, to text: inout ByteBuffer) {
        text.writeString(family.name + sample.suffix)
        if !sample.labels.isEmpty {
            let labels = sample.labels.map { "\($0.name)=\"\(escaped($0.value, quotes: true))\"" }
            text.writeString("{\(labels.joined(separator: ","))}")
        }
        text.writeString(" \(number(sample.value))\n")
    }

    /// A whole number without a fraction, as long as a Double holds it exactly.
    private static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "+Inf" : "-Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        let plain = text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        return quotes ? plain.replacing("\"", with: "\\\"") : plain
    }
}
