import BrokerCore
import JSONBytes
import RecordFormat

extension API {
    /// Lists a namespace's groups.
    func listGroups(_ namespace: Namespace) -> APIReply {
        .json { json in
            json.key("groups")
            json.beginArray()
            for group in engine.groups(in: namespace) {
                json.beginObject()
                GroupText.writeHead(group, to: &json)
                json.key("members")
                json.integer(group.memberCount)
                json.endObject()
            }
            json.endArray()
        }
    }

    /// Describes a group: members, assignment, committed offsets, lag.
    func describeGroup(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writeMembers(report.members, to: &json)
            GroupText.writePartitions(report.partitions, .all, to: &json)
        }
    }

    /// Lists a group's members.
    func groupMembers(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writeMembers(report.members, to: &json)
        }
    }

    /// Lists a group's committed offsets.
    func groupOffsets(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writePartitions(report.partitions, .offsets, to: &json)
        }
    }

    /// Lists a group's lag.
    func groupLag(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            json.key("lag")
            json.integer(report.partitions.reduce(0) { $0 + $1.lag })
            GroupText.writePartitions(report.partitions, .lag, to: &json)
        }
    }
}
