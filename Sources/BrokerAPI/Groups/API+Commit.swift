import BrokerCore
import HTTPTypes
import JSONBytes
import RecordFormat

extension API {
    /// Commits offsets for a member, renews its leases, or takes partitions back from it.
    func commit(_ group: GroupName, _ context: RequestContext, _ principal: Principal) async throws -> APIReply {
        try requireReady(orDraining: true)
        let document = try CommitDocument(
            context.request.body,
            in: group.namespace,
            itemsMax: engine.limits.commitOffsetsMax
        )
        let token = try sessionToken(context, document.session)
        let member = try member(of: token, group: group, principal: principal)
        let results = try await engine.commit(
            CommitOffsetsRequest(
                group: group,
                member: member,
                principal: principal,
                items: document.content.items,
                progress: document.content.progress,
                release: document.content.release
            )
        )
        return try CommitText.reply(results)
    }
}

/// The answer to a commit as JSON: 200 when all is in force, 207 when some is not, a problem when nothing is.
enum CommitText {
    private static let multiStatus = HTTPResponse.Status(code: 207, reasonPhrase: "Multi-Status")

    /// Tells what became of each item.
    static func reply(_ results: [CommitItemResult]) throws(Problem) -> APIReply {
        let problems = results.map { problem($0) }
        let refused = problems.compactMap { $0 }
        if !refused.isEmpty, refused.count == results.count, Set(refused.map(\.code)).count == 1 {
            throw whole(refused)
        }
        return .json(status: refused.isEmpty ? .ok : multiStatus) { write(results, to: &$0) }
    }

    /// Writes the field `results` into an open object.
    static func write(_ results: [CommitItemResult], to json: inout JSONWriter) {
        json.key("results")
        json.beginArray()
        for result in results {
            json.beginObject()
            write(result, problem(result), to: &json)
            json.endObject()
        }
        json.endArray()
    }

    private static func write(_ result: CommitItemResult, _ problem: Problem?, to json: inout JSONWriter) {
        if result.operation != .commit {
            json.key("op")
            json.string(result.operation.rawValue)
        }
        GroupText.writeName(result.partition, to: &json)
        json.key("result")
        json.string(problem?.code.rawValue ?? name(result.outcome))
        if case .outdated(let committed) = result.outcome {
            json.key("committed")
            json.integer(committed.value)
        }
        guard let problem else { return }
        json.key("problem")
        json.beginObject()
        problem.write(to: &json)
        json.endObject()
    }

    private static func name(_ outcome: CommitItemResult.Outcome) -> String {
        switch outcome {
        case .outdated: "outdated"
        case .progressed: "progressed"
        case .released: "released"
        default: "committed"
        }
    }

    /// One problem for items that were all refused for the same reason: the first one's, and all of them listed.
    private static func whole(_ refused: [Problem]) -> Problem {
        var problem = refused[0]
        problem.members.append(Problem.Member("partitions", .objects(refused.map(\.members))))
        return problem
    }

    /// Why an item is not in force; nil when it is, or something later is.
    private static func problem(_ result: CommitItemResult) -> Problem? {
        let partition = result.partition
        let operation = Problem.Member("op", .string(result.operation.rawValue))
        let name =
            (result.operation == .commit ? [] : [operation]) + [
                Problem.Member("topic", .string(partition.topic.name)),
                Problem.Member("partition", .integer(Int64(partition.partition.value))),
            ]
        switch result.outcome {
        case .committed, .outdated, .progressed, .released: return nil
        case .fenced(let owner, let epoch):
            let held = owner.map { "\($0) owns it" } ?? "nobody owns it"
            return Problem(
                .fenced,
                "\(partition) is not this member's under that epoch: \(held), and its epoch is \(epoch)",
                members: name + [
                    Problem.Member("owner", owner.map { .string($0) } ?? .null),
                    Problem.Member("epoch", .integer(epoch)),
                ]
            )
        case .beyondVisible(let visible):
            return Problem(
                .offsetBeyondTail,
                "\(partition) ends at offset \(visible), before the one to commit",
                members: name + [Problem.Member("tail", .integer(visible.value))]
            )
        case .beyondDelivery(let delivered):
            return Problem(
                .aheadOfDelivery,
                "this session was given \(partition) up to offset \(delivered), and not beyond",
                members: name + [Problem.Member("delivered", .integer(delivered.value))]
            )
        case .notShared:
            return Problem(.notShared, "the group does not share \(partition)", members: name)
        case .metadataTooLong(let bytesMax):
            return Problem(
                .metadataTooLarge,
                "the metadata of \(partition) is longer than \(bytesMax) bytes",
                members: name + [Problem.Member("maxBytes", .integer(Int64(bytesMax)))]
            )
        case .failed:
            var problem = result.error.map { Problem($0) } ?? Problem(.internalError, "no reason is known")
            problem.members = name + problem.members
            return problem
        }
    }
}
