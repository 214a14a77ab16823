import BrokerCore
import HTTPTypes
import JSONBytes
import RecordFormat

/// Topics as JSON.
enum TopicText {
    /// The answer that describes a topic.
    static func reply(_ status: HTTPResponse.Status, _ topic: TopicDescription) -> APIReply {
        .json(status: status) { json in
            writeSummary(topic, to: &json)
            json.key("offsets")
            writePartitions(topic, to: &json)
        }
    }

    /// Writes the fields of a list's entry into an open object.
    static func writeSummary(_ topic: TopicDescription, to json: inout JSONWriter) {
        json.key("topic")
        json.string(topic.name.name)
        json.key("namespace")
        json.string(topic.name.namespace.value)
        json.key("id")
        json.string(topic.id.hex)
        writeSettings(topic.settings, to: &json)
    }

    /// Writes the settings in force, under the names under which they are chosen.
    private static func writeSettings(_ settings: TopicSettings, to json: inout JSONWriter) {
        func write(_ name: String, _ number: Int64?) {
            json.key(name)
            if let number { json.integer(number) } else { json.null() }
        }
        json.key("partitions")
        json.integer(settings.partitions)
        json.key("cleanup")
        json.string(settings.cleanup.rawValue)
        write("retentionBytes", settings.retentionBytes.map { Int64($0.value) })
        write("retentionSeconds", settings.retentionSeconds)
        json.key("compression")
        json.string(settings.compression.rawValue)
        json.key("onCorruption")
        json.string(settings.onCorruption.rawValue)
        json.key("segmentBytesMax")
        json.integer(settings.segmentBytesMax.value)
    }

    /// Writes the array of a topic's partitions.
    static func writePartitions(_ topic: TopicDescription, to json: inout JSONWriter) {
        json.beginArray()
        for partition in topic.partitions {
            json.beginObject()
            json.key("partition")
            json.integer(partition.index.value)
            json.key("logStartOffset")
            json.integer(partition.logStart.value)
            json.key("visibleOffset")
            json.integer(partition.visible.value)
            json.key("sizeBytes")
            json.integer(partition.size.value)
            if let epoch = partition.leaderEpoch {
                json.key("leaderEpoch")
                json.integer(epoch.value)
            }
            if let reason = partition.quarantine {
                json.key("quarantine")
                json.string(reason)
            }
            if let since = partition.quarantinedSince {
                json.key("quarantinedSince")
                json.string(since.rfc3339)
            }
            json.endObject()
        }
        json.endArray()
    }
}
