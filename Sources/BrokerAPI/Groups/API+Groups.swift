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

    /// Describes a group: settings, members, assignment, committed offsets, lag.
    func describeGroup(_ name: GroupName) async throws -> APIReply {
        GroupText.reply(.ok, try await engine.groupWithLagAges(name), now: engine.clock.now)
    }

    /// Lists a group's members.
    func groupMembers(_ name: GroupName) throws -> APIReply {
        let report = try engine.group(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writeMembers(report.members, to: &json)
        }
    }

    /// Lists a group's lag.
    func groupLag(_ name: GroupName) async throws -> APIReply {
        let report = try await engine.groupWithLagAges(name)
        return .json { json in
            GroupText.writeHead(report.summary, to: &json)
            GroupText.writeLag(of: report, to: &json)
            GroupText.writePartitions(report.partitions, .lag, now: engine.clock.now, to: &json)
        }
    }

    /// Makes a group, or says that it is there.
    func createGroup(_ name: GroupName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let change = try GroupSettingsChange(document: context, in: name.namespace, isPatch: false)
        switch try await engine.createGroup(name, change) {
        case .created(let report): return GroupText.reply(.created, report, now: engine.clock.now)
        case .unchanged(let report): return GroupText.reply(.ok, report, now: engine.clock.now)
        }
    }

    /// Changes a group for all its members.
    func changeGroup(_ name: GroupName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        let change = try GroupSettingsChange(document: context, in: name.namespace, isPatch: true)
        return GroupText.reply(.ok, try await engine.changeGroup(name, change), now: engine.clock.now)
    }

    /// Deletes a group.
    func deleteGroup(_ name: GroupName, _ context: RequestContext) async throws -> APIReply {
        try requireReady()
        try await engine.deleteGroup(name, isForced: try context.query.bool("force") ?? false)
        return APIReply(status: .noContent)
    }
}
