import GroupCoordination
import RecordFormat

/// Commits: right ones, late ones, false ones, and the same ones twice.
extension GroupSimulation {
    mutating func commit() {
        guard let member = members.randomElement(using: &random),
            let (partition, told) = member.believed.sorted(by: { $0.key < $1.key }).randomElement(using: &random)
        else { return }
        let before = state(of: partition)
        let item = item(partition, told, before)
        let isAllowed = before?.owner == member.member && before?.epoch == item.epoch
        let isWhole = oracle.watched[partition]?.isSeenWhole == true
        // A commit that moves the offset begins the lease of what is left anew.
        if isAllowed, let committed = before?.committed, item.offset > committed, item.offset <= item.visible {
            if !isWhole || before?.delivered.map({ item.offset <= $0 }) ?? true { oracle.renewed(partition, at: wall) }
        }
        let command = GroupCommit(
            request: RequestID(nextID()),
            group: Self.group,
            member: member.member,
            items: [item]
        )
        noteCommitSign(of: member.member)
        let outcome = apply(.commit(command))
        judge(outcome.replies.first?.body, item, before, isAllowed, isWhole)
        if random.chance(20) { apply(.commit(command)) }
    }

    private mutating func noteCommitSign(of member: MemberID) {
        guard let state = description?.members.first(where: { $0.id == member }), state.presence == .heartbeats else {
            return
        }
        oracle.heard(member, at: wall)
    }

    private mutating func item(
        _ partition: TopicPartition,
        _ told: PartitionEpoch,
        _ before: GroupDescription.PartitionDescription?
    ) -> CommitItem {
        var epoch = told
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<8: epoch = PartitionEpoch(Int64.random(in: 0...told.value + 2, using: &random))
        case 8..<13: epoch = before?.epoch ?? told
        default: break
        }
        let end = visible[partition] ?? 0
        var offset = Offset(.random(in: 0...end + 3, using: &random))
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: offset = before?.delivered ?? Offset(end)
        // The same as is committed already: the answer was lost, or a worker is stuck.
        case 40..<55: offset = before?.committed ?? offset
        default: break
        }
        return CommitItem(
            partition: partition,
            topicID: topics.first { $0.name == partition.topic }?.id ?? TopicID(high: 0, low: 0),
            offset: offset,
            epoch: epoch,
            visible: Offset(end)
        )
    }

    /// No fenced commit lands; one that is called committed is in force.
    private mutating func judge(
        _ reply: GroupReply.Body?,
        _ item: CommitItem,
        _ before: GroupDescription.PartitionDescription?,
        _ isAllowed: Bool,
        _ isWhole: Bool
    ) {
        if case .refused(.unknownGroup) = reply { return }
        guard case .committed(let results) = reply, let status = results.first?.status else {
            return oracle.report("a commit has no answer")
        }
        let after = state(of: item.partition)
        switch status {
        case .committed(let offset):
            if !isAllowed { oracle.report("\(item.partition): a fenced commit landed") }
            if after?.committed != offset { oracle.report("\(item.partition): committed, but not in force") }
            if offset.value > visible[item.partition] ?? 0, offset != before?.committed {
                oracle.report("\(item.partition): a commit beyond the end")
            }
            if isWhole, let delivered = before?.delivered, offset > delivered, offset != before?.committed {
                oracle.report("\(item.partition): a commit beyond delivery")
            }
        case .fenced:
            if isAllowed { oracle.report("\(item.partition): the owner was fenced") }
        case .beyondDelivery:
            if isAllowed, !isWhole { oracle.report("\(item.partition): a commit of what was delivered was refused") }
        default:
            break
        }
        if case .committed = status { return }
        if after?.committed != before?.committed { oracle.report("\(item.partition): refused, but in force") }
    }
}
