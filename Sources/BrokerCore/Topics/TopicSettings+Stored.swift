import RecordFormat
import SegmentStore

extension TopicSettings {
    /// The settings of a topic as its file keeps them: as text, and only those that were chosen.
    ///
    /// - Throws: `invalidConfiguration` for a name or a value that this version does not know, so that nothing that somebody
    ///   asked for is passed over.
    init(_ stored: StoredTopic, defaults: TopicSettings) throws(StorageError) {
        self = defaults
        partitions = stored.partitionCount
        for (name, text) in stored.settings {
            guard take(name, text) else {
                throw .invalidConfiguration(
                    "the topic \(stored.name) has the setting \(name) = \"\(text)\", which this version does not know:"
                        + " start the version that wrote it"
                )
            }
        }
    }

    private mutating func take(_ name: String, _ text: String) -> Bool {
        switch name {
        case "cleanup": Self.take(Cleanup(rawValue: text)) { cleanup = $0 }
        case "retentionBytes": Self.take(Int(text)) { retentionBytes = ByteCount($0) }
        case "retentionSeconds": Self.take(Int64(text)) { retentionSeconds = $0 }
        case "compression": Self.take(Compression(rawValue: text)) { compression = $0 }
        case "onCorruption": Self.take(OnCorruption(rawValue: text)) { onCorruption = $0 }
        case "segmentBytesMax": Self.take(Int(text)) { segmentBytesMax = ByteCount($0) }
        case Topic.versionBaseName: Int64(text) != nil
        default: false
        }
    }

    private static func take<Value>(_ value: Value?, _ assign: (Value) -> Void) -> Bool {
        guard let value else { return false }
        assign(value)
        return true
    }
}

extension TopicSettingsChange {
    /// Carries the change over to what a topic's file keeps; the partition count stands elsewhere in it.
    func store(into texts: inout [String: String]) {
        func put<Value>(_ name: String, _ asked: Asked<Value>, _ text: (Value) -> String) {
            switch asked {
            case .asItIs: break
            case .byDefault: texts[name] = nil
            case .value(let value): texts[name] = text(value)
            }
        }
        put("cleanup", cleanup) { $0.rawValue }
        put("retentionBytes", retentionBytes) { String($0.value) }
        put("retentionSeconds", retentionSeconds) { String($0) }
        put("compression", compression) { $0.rawValue }
        put("onCorruption", onCorruption) { $0.rawValue }
        put("segmentBytesMax", segmentBytesMax) { String($0.value) }
    }
}
