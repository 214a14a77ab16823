import BrokerCore
import HTTPTypes
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

    /// The answer that describes a group.
    static func reply(_ status: HTTPResponse.Status, _ report: GroupReport, now: MonotonicInstant) -> APIReply {
        .json(status: status) { json in
            writeHead(report.summary, to: &json)
            writeSettings(of: report, to: &json)
            writeLag(of: report, to: &json)
            writeMembers(report.members, to: &json)
            writePartitions(report.partitions, .all, now: now, to: &json)
        }
    }

    /// Writes the name, epoch and topics into an open object.
    static func writeHead(_ group: GroupSummary, to json: inout JSONWriter) {
        json.key("group")
        json.string(group.name.name)
        json.key("groupEpoch")
        json.integer(group.groupEpoch)
        write("topics", group.topics, to: &json)
    }

    /// Writes the settings in force, under the names under which they are chosen, and what follows from them.
    private static func writeSettings(of report: GroupReport, to json: inout JSONWriter) {
        json.key("from")
        json.string(report.settings.start.text)
        json.key("commitTimeoutMs")
        json.integer(report.settings.commitTimeoutMilliseconds)
        json.key("sessionTimeoutMs")
        json.integer(report.settings.sessionTimeoutMilliseconds)
        json.key("membersMax")
        json.integer(report.settings.membersMax)
        write("timeToLiveMs", report.settings.timeToLiveMilliseconds, to: &json)
        write("missingTopics", report.missingTopics, to: &json)
        write("keptTopics", report.keptTopics, to: &json)
        write("emptySince", report.emptySince, to: &json)
    }

    /// Writes a group's lag in all.
    static func writeLag(of report: GroupReport, to json: inout JSONWriter) {
        json.key("lag")
        json.integer(report.lag)
        write("lagSeconds", report.lagSeconds, to: &json)
        json.key("lost")
        json.integer(report.lost)
        json.key("inFlight")
        json.integer(report.inFlight)
    }

    /// Writes the `members` field.
    static func writeMembers(_ members: [GroupReport.Member], to json: inout JSONWriter) {
        json.key("members")
        json.beginArray()
        for member in members {
            json.beginObject()
            json.key("member")
            json.string(member.id)
            write("instance", member.instance, to: &json)
            json.key("epoch")
            json.integer(member.epoch)
            json.key("connected")
            json.bool(member.isConnected)
            json.key("presence")
            json.string(member.presence.rawValue)
            json.key("joinedAt")
            json.string(member.joinedAt.rfc3339)
            json.key("stalled")
            json.bool(member.isStalled)
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
        now: MonotonicInstant,
        to json: inout JSONWriter
    ) {
        json.key("partitions")
        json.beginArray()
        for partition in partitions {
            json.beginObject()
            write(partition, detail, now: now, to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(
        _ partition: GroupReport.Partition,
        _ detail: Detail,
        now: MonotonicInstant,
        to json: inout JSONWriter
    ) {
        writeName(partition.partition, to: &json)
        write("committed", partition.committed?.value, to: &json)
        if detail != .lag {
            write("committedAt", partition.committedAt, to: &json)
            if !partition.metadata.isEmpty {
                json.key("metadata")
                json.string(partition.metadata)
            }
        }
        if detail == .offsets { return }
        writeLag(of: partition, now: now, to: &json)
        write("owner", partition.owner, to: &json)
        if detail == .lag { return }
        json.key("epoch")
        json.integer(partition.epoch)
        json.key("state")
        json.string(partition.state)
    }

    private static func writeLag(
        of partition: GroupReport.Partition,
        now: MonotonicInstant,
        to json: inout JSONWriter
    ) {
        json.key("end")
        json.integer(partition.end.value)
        json.key("lag")
        json.integer(partition.lag)
        write("lagSeconds", partition.lagSeconds, to: &json)
        json.key("lost")
        json.integer(partition.lost)
        json.key("inFlight")
        json.integer(partition.inFlight)
        let age = partition.uncommittedSince.map { max(0, now.milliseconds - $0.milliseconds) }
        write("uncommittedMs", age, to: &json)
    }

    /// Writes a field that may be null.
    static func write(_ name: String, _ number: Int64?, to json: inout JSONWriter) {
        json.key(name)
        if let number { json.integer(number) } else { json.null() }
    }

    /// Writes a field that may be null.
    static func write(_ name: String, _ text: String?, to json: inout JSONWriter) {
        json.key(name)
        if let text { json.string(text) } else { json.null() }
    }

    private static func write(_ name: String, _ time: Timestamp?, to json: inout JSONWriter) {
        json.key(name)
        if let time { json.string(time.rfc3339) } else { json.null() }
    }

    private static func write(_ name: String, _ topics: [TopicName], to json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for topic in topics { json.string(topic.name) }
        json.endArray()
    }

    /// Writes the fields that name a partition into an open object.
    static func writeName(_ partition: TopicPartition, to json: inout JSONWriter) {
        json.key("topic")
        json.string(partition.topic.name)
        json.key("partition")
        json.integer(partition.partition.value)
    }
}
