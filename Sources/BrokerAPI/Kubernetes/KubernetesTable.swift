import BrokerCore
import JSONBytes
import NIOCore
import RecordFormat

/// Objects as a table that a client lays out without knowing what they are: name, version, age.
enum KubernetesTable {
    private static let columns: [(name: String, format: String, description: String)] = [
        ("Name", "name", "The record's key."),
        ("Version", "", "The item's resource version."),
        ("Age", "", "How long ago the key came into being."),
    ]

    /// Writes the fields that come before the rows into an object that is open.
    static func writeColumns(to json: inout JSONWriter) {
        json.list("columnDefinitions", columns) { column, json in
            json.beginObject()
            json.field("name", column.name)
            json.field("type", "string")
            json.field("format", column.format)
            json.field("description", column.description)
            json.field("priority", 0)
            json.endObject()
        }
    }

    /// Writes an object's row as the next value.
    static func writeRow(
        _ item: CollectionItem,
        version: String?,
        _ object: KubernetesObject,
        with row: KubernetesForm.RowObject,
        now: Timestamp,
        to json: inout JSONWriter
    ) {
        json.beginObject()
        let cells = [
            KubernetesNames.name(ofKey: item.record.key ?? ByteBuffer()), version ?? "",
            age(now.millisecondsSinceEpoch - item.created.millisecondsSinceEpoch),
        ]
        json.list("cells", cells) { $1.string($0) }
        switch row {
        case .none: break
        case .metadata:
            json.key("object")
            object.writeMetadataOnly(item, version: version, to: &json)
        case .object:
            json.key("object")
            object.write(item, version: version, to: &json)
        }
        json.endObject()
    }

    /// A length of time as Kubernetes shows ages: two units at most, and the small one only while it says something.
    static func age(_ milliseconds: Int64) -> String {
        let seconds = max(milliseconds, 0) / 1000
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        func pair(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
            small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
        }
        if seconds < 120 { return "\(seconds)s" }
        if minutes < 10 { return pair(minutes, "m", seconds % 60, "s") }
        if hours < 3 { return "\(minutes)m" }
        if hours < 8 { return pair(hours, "h", minutes % 60, "m") }
        if hours < 48 { return "\(hours)h" }
        if days < 8 { return pair(days, "d", hours % 24, "h") }
        if days < 365 * 2 { return "\(days)d" }
        if days < 365 * 8 { return pair(days / 365, "y", days % 365, "d") }
        return "\(days / 365)y"
    }
}
