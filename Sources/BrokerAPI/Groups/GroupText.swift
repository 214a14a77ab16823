import BrokerCore
import JSONBytes
import RecordFormat

/// Groups as JSON.
enum GroupText {
    /// How much is told of each partition.
    enum Detail {
        case offsets
        case lag
        case all
    }

    /// Writes the name, epoch and topics into an open object.
    static func writeHead(_ group: GroupSummary, to json: inout JSONWriter) {
        json.key("group")
        json.string(group.name.name)
        json.key("groupEpoch")
        json.integer(group.groupEpoch)
        json.key("topics")
        json.beginArray()
        for topic in group.topics { json.string(topic.name) }
        json.endArray()
    }

    /// Writes the `members` field.
    static func writeMembers(_ members: [GroupReport.Member], to json: inout JSONWriter) {
        json.key("members")
        json.beginArray()
        for member in members {
            json.beginObject()
            json.key("member")
            json.string(member.id)
            json.key("instance")
            if let instance = member.instance { json.string(instance) } else { json.null() }
            json.key("epoch")
            json.integer(member.epoch)
            json.key("connected")
            json.bool(member.isConnected)
            json.key("partitions")
            json.beginArray()
            for owned in member.partitions {
                json.beginObject()
                writeName(owned.partition, to: &json)
                json.key("epoch")
                json.integer(owned.epoch)
                json.endObject()
            }
            json.endArray()
            json.endObject()
        }
        json.endArray()
    }

    /// Writes the `partitions` field.
    static func writePartitions(
        _ partitions: [GroupReport.Partition],
        _ detail: Detail,
        to json: inout JSONWriter
    ) {
        json.key("partitions")
        json.beginArray()
        for partition in partitions {
            json.beginObject()
            write(partition, detail, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ partition: GroupReport.Partition, _ detail: Detail, to json: inout JSONWriter) {
        writeName(partition.partition, to: &json)
        json.key("committed")
        if let committed = partition.committed { json.integer(committed.value) } else { json.null() }
        if detail == .offsets { return }
        json.key("end")
        json.integer(partition.end.value)
        json.key("lag")
        json.integer(partition.lag)
        json.key("owner")
        if let owner = partition.owner { json.string(owner) } else { json.null() }
        if detail == .lag { return }
        json.key("epoch")
        json.integer(partition.epoch)
        json.key("state")
        json.string(partition.state)
    }

    /// Writes the fields that name a partition into an open object.
    static func writeName(_ partition: TopicPartition, to json: inout JSONWriter) {
        json.key("topic")
        json.string(partition.topic.name)
        json.key("partition")
        json.integer(partition.partition.value)
    }
}
