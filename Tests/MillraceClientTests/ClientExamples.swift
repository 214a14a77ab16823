import MillraceClient

/// The examples of docs/client.md and of the documentation comments: they compile here, and `ClientExampleTests` compares.
enum ClientExamples {
    struct Order: Codable, Sendable {
        let id: String
        let state: String
    }

    static func charge(_ order: Order) async throws {}
    static func index(_ records: [GroupRecord]) async throws {}
    static func flushCaches(of partitions: [GroupPartition]) async {}
    static func show(_ text: String) {}

    static func connect() async throws {
        try await MillraceClient.withClient(server: "http://127.0.0.1:8080") { client in
            try await client.createTopic("orders", partitions: 8)
            for try await event in client.watch("orders", ReadOptions(from: "earliest")) {
                if case .record(let record) = event { print(record.json) }
            }
        }
    }

    static func produce(_ client: MillraceClient) async throws {
        var producer = Producer()
        let placed = NewRecord(key: "u1", value: Order(id: "u1", state: "placed"))
        try await client.produce("orders", [placed], as: &producer)
    }

    static func work(_ client: MillraceClient) async throws {
        let options = GroupJoinOptions(group: "billing", topics: ["orders"])
        try await client.withGroupMember(options) { member in
            for try await record in member.records {
                try await charge(record.value(as: Order.self))
                member.processed(record)
            }
        }
    }

    static func commit(_ member: GroupMember) async throws {
        for try await record in member.records {
            try await charge(record.value(as: Order.self))
            do {
                try await member.commit(record)
            } catch {
                // Another member has the partition now, and is given this record, too.
                guard error.problem?.code == "fenced" else { throw error }
            }
        }
    }

    static func process(_ member: GroupMember) async throws {
        try await member.process(parallel: 4, batchMax: 100) { records in
            try await index(records)
        }
    }

    static func callbacks(_ client: MillraceClient, _ options: GroupJoinOptions) async throws {
        var settings = MemberSettings()
        settings.callbacks.assigned = { partitions in show("got \(partitions.count) more") }
        settings.callbacks.revoking = { partitions, deadline in await flushCaches(of: partitions) }
        settings.callbacks.revoked = { partitions in show("lost \(partitions.count)") }
        try await client.withGroupMember(options, settings) { member in
            try await member.process { records in try await index(records) }
        }
    }

    static func states(_ member: GroupMember) async {
        for await state in member.connectionStates() {
            switch state {
            case .connecting: show("connecting")
            case .connected(let membership): show("connected as \(membership.member)")
            case .reconnecting(let error, let delay): show("\(error); again in \(delay)")
            case .ended(let error): show("ended: \(error.map { "\($0)" } ?? "as asked")")
            }
        }
    }

    static func poll(_ client: MillraceClient, _ options: GroupJoinOptions) async throws {
        var settings = MemberSettings()
        settings.delivery = .longPoll
        try await client.withGroupMember(options, settings) { member in
            try await member.process { records in try await index(records) }
        }
    }

    static func events(_ client: MillraceClient, _ options: GroupJoinOptions) async throws {
        var membership: GroupMembership?
        var epochs: [Int32: Int64] = [:]
        for try await event in client.joinGroup(options) {
            switch event {
            case .joined(let joined): membership = joined
            case .assigned(_, let partitions):
                for partition in partitions { epochs[partition.partition] = partition.epoch }
            case .record(let record):
                guard let membership, let epoch = epochs[record.partition] else { continue }
                let next = CommitOffset(
                    topic: record.topic,
                    partition: record.partition,
                    offset: record.offset + 1,
                    epoch: epoch
                )
                try await client.commit(membership, offsets: [next])
            default: continue
            }
        }
    }

    static func follow(_ client: MillraceClient) async throws {
        let page = try await client.items(of: "prices", CollectionOptions(labelSelector: "tier=gold"))
        for item in page.items { print(item.name ?? "", item.valueText ?? "") }
        for try await event in client.watchItems(of: "prices", CollectionOptions(labelSelector: "tier=gold")) {
            switch event {
            case .listing: print("what follows is everything there is")
            case .change(let change): print(change.kind, change.item.name ?? "", change.item.valueText ?? "")
            default: continue
            }
        }
    }

    static func administer(_ client: MillraceClient) async throws {
        var settings = GroupSettings(topics: ["orders"])
        settings.commitTimeoutMs = 300_000
        try await client.createGroup("billing", settings)
        let report = try await client.group("billing").value
        print(report.lag, report.lagSeconds ?? 0, report.members.map(\.member))
        let plan = try await client.resetGroup("billing", GroupReset(to: "earliest", dryRun: true)).value
        print(plan.partitions.map { "\($0.topic)/\($0.partition): \($0.committed ?? 0) -> \($0.to ?? 0)" })
    }
}
