import MillraceClient

/// What a command learns of its records from its environment: the worker's own variables, and these.
enum CommandEnvironment {
    /// Linux bounds each variable to 128 KiB, and keys may be longer.
    private static let keyBytesMax = 64 << 10

    /// The variables, `NAME=value` each.
    static func text(_ records: [GroupRecord], isBatch: Bool, attempt: Int, more: [String]) -> [String] {
        guard let first = records.first, let last = records.last else { return [] }
        var variables = [
            "MILLRACE_TOPIC=\(first.topic)", "MILLRACE_PARTITION=\(first.partition)", "MILLRACE_OFFSET=\(first.offset)",
            "MILLRACE_ATTEMPT=\(attempt)",
        ]
        if isBatch {
            variables += ["MILLRACE_LAST_OFFSET=\(last.offset)", "MILLRACE_COUNT=\(records.count)"]
        } else {
            variables += ["MILLRACE_TIMESTAMP=\(first.timestamp ?? "")"]
            if let key = first.key, key.utf8.count <= keyBytesMax, !key.utf8.contains(0) {
                variables.append("MILLRACE_KEY=\(key)")
            }
            if let key = first.keyBase64, key.utf8.count <= keyBytesMax {
                variables.append("MILLRACE_KEY_BASE64=\(key)")
            }
            if first.valueBytes == nil { variables.append("MILLRACE_TOMBSTONE=1") }
        }
        return inherited + more + variables
    }

    /// The worker's environment without what only these set.
    private static let inherited = Environment.all.filter { !$0.hasPrefix("MILLRACE_") }
}
