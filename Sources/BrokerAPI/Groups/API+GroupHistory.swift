import BrokerCore
import JSONBytes
import RecordFormat

extension API {
    /// Tells why partitions of a group changed hands, newest first.
    func groupHistory(_ name: GroupName) throws -> APIReply {
        let history = try engine.history(of: name)
        return .json { json in
            json.key("group")
            json.string(name.name)
            json.key("groupEpoch")
            json.integer(history.groupEpoch)
            json.key("rebalances")
            json.beginArray()
            for rebalance in history.rebalances {
                json.beginObject()
                Self.write(rebalance, to: &json)
                json.endObject()
            }
            json.endArray()
        }
    }

    private static func write(_ rebalance: GroupRebalance, to json: inout JSONWriter) {
        json.key("groupEpoch")
        json.integer(rebalance.groupEpoch)
        json.key("time")
        json.string(rebalance.time.rfc3339)
        json.key("reasons")
        json.beginArray()
        for reason in rebalance.reasons {
            json.beginObject()
            json.key("reason")
            json.string(reason.code)
            if let member = reason.member {
                json.key("member")
                json.string(member)
            }
            json.key("text")
            json.string(reason.text)
            json.endObject()
        }
        json.endArray()
        json.key("moves")
        json.beginArray()
        for move in rebalance.moves {
            json.beginObject()
            GroupText.writeName(move.partition, to: &json)
            GroupText.write("from", move.from, to: &json)
            GroupText.write("to", move.to, to: &json)
            json.key("kind")
            json.string(move.kind.rawValue)
            json.endObject()
        }
        json.endArray()
        json.key("moveCount")
        json.integer(rebalance.moveCount)
    }
}
