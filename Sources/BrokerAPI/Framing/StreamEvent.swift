import BrokerCore
import JSONBytes
import RecordFormat

/// What a stream says besides records; the same in every framing.
enum StreamEvent: Sendable {
    /// Everything before the cursor has been sent.
    case bookmark(cursor: String, caughtUp: Bool, lag: Int64?)
    /// A range cannot be read any more.
    case gap(ReadResult.Gap)
    /// The stream is a member: who it is, and the token with which any connection may speak for it.
    case joined(member: String, groupEpoch: Int64, session: String)
    /// A member owns these now, all of them listed.
    case assigned(groupEpoch: Int64, [AssignedPartition])
    /// A member finishes and commits these.
    case revoking([TopicPartition], deadlineMilliseconds: Int64)
    /// A member has lost these.
    case revoked([(partition: TopicPartition, committed: Offset, reason: String)])
    /// A member must commit before more comes.
    case paused(uncommitted: Int64, uncommittedBytes: Int64)
    /// Delivery goes on.
    case resumed
    /// Half of the commit timeout has passed.
    case leaseWarning([TopicPartition], remainingMilliseconds: Int64)
    /// Something went wrong in mid-stream.
    case error(Problem)
    /// The last event before the server closes.
    case goodbye(reason: String, reconnect: Bool, retryAfterMilliseconds: Int64)

    /// The name of the event.
    var type: StaticString {
        switch self {
        case .bookmark: "bookmark"
        case .gap: "gap"
        case .joined: "joined"
        case .assigned: "assigned"
        case .revoking: "revoking"
        case .revoked: "revoked"
        case .paused: "paused"
        case .resumed: "resumed"
        case .leaseWarning: "lease-warning"
        case .error: "error"
        case .goodbye: "goodbye"
        }
    }

    /// Writes the event's fields into an open object.
    ///
    /// Another than `error` never has a field `type` of its own.
    func write(to json: inout JSONWriter) {
        switch self {
        case .bookmark(let cursor, let caughtUp, let lag):
            json.key("cursor")
            json.string(cursor)
            json.key("caughtUp")
            json.bool(caughtUp)
            if let lag {
                json.key("lag")
                json.integer(lag)
            }
        case .gap(let gap): Self.write(gap, to: &json)
        case .error(let problem):
            json.key("problem")
            json.beginObject()
            problem.write(to: &json)
            json.endObject()
        case .goodbye(let reason, let reconnect, let milliseconds):
            json.key("reason")
            json.string(reason)
            json.key("reconnect")
            json.bool(reconnect)
            json.key("retryAfterMs")
            json.integer(milliseconds)
        default: writeGroupEvent(to: &json)
        }
    }

    /// Writes a gap's fields into an open object.
    static func write(_ gap: ReadResult.Gap, to json: inout JSONWriter) {
        GroupText.writeName(gap.partition, to: &json)
        json.key("from")
        json.integer(gap.from.value)
        json.key("to")
        json.integer(gap.to.value)
        json.key("reason")
        json.string(gap.reason.rawValue)
    }

    private func writeGroupEvent(to json: inout JSONWriter) {
        switch self {
        case .joined(let member, let groupEpoch, let session):
            json.key("member")
            json.string(member)
            json.key("groupEpoch")
            json.integer(groupEpoch)
            json.key("session")
            json.string(session)
        case .assigned(let groupEpoch, let partitions):
            json.key("groupEpoch")
            json.integer(groupEpoch)
            Self.write(partitions, to: &json)
        case .revoking(let partitions, let milliseconds):
            Self.writeList(partitions, to: &json) { GroupText.writeName($0, to: &$1) }
            json.key("deadlineMs")
            json.integer(milliseconds)
        case .revoked(let partitions):
            Self.writeList(partitions, to: &json) { lost, json in
                GroupText.writeName(lost.partition, to: &json)
                json.key("committed")
                json.integer(lost.committed.value)
                json.key("reason")
                json.string(lost.reason)
            }
        case .paused(let uncommitted, let uncommittedBytes):
            json.key("reason")
            json.string("max-in-flight")
            json.key("uncommitted")
            json.integer(uncommitted)
            json.key("uncommittedBytes")
            json.integer(uncommittedBytes)
        case .leaseWarning(let partitions, let milliseconds):
            Self.writeList(partitions, to: &json) { GroupText.writeName($0, to: &$1) }
            json.key("remainingMs")
            json.integer(milliseconds)
        default: break
        }
    }

    /// Writes what a member owns, as the field `partitions`.
    static func write(_ partitions: [AssignedPartition], to json: inout JSONWriter) {
        writeList(partitions, to: &json) { owned, json in
            GroupText.writeName(owned.partition, to: &json)
            json.key("epoch")
            json.integer(owned.epoch)
            json.key("start")
            json.integer(owned.start.value)
        }
    }

    private static func writeList<Element>(
        _ elements: [Element],
        to json: inout JSONWriter,
        _ fields: (Element, inout JSONWriter) -> Void
    ) {
        json.key("partitions")
        json.beginArray()
        for element in elements {
            json.beginObject()
            fields(element, &json)
            json.endObject()
        }
        json.endArray()
    }
}
