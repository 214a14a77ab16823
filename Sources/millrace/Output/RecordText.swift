import MillraceClient

/// A record as a line of output.
enum RecordText {
    /// As received, or for people: partition, offset, key, value.
    static func line(_ record: ReceivedRecord, _ output: OutputFormat) -> String {
        switch output {
        case .json: record.json
        case .table:
            [
                "\(record.topic)/\(record.partition)", "@\(record.offset)", record.key ?? record.keyBase64 ?? "-",
                record.valueText ?? "-",
            ].joined(separator: "  ")
        }
    }
}
