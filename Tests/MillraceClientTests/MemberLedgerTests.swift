import NIOCore
import Testing

@testable import MillraceClient

/// What a member has of its partitions, by events and calls.
@Suite struct MemberLedgerTests {
    private static func owned(_ partition: Int32, epoch: Int64 = 1, start: Int64 = 0) -> GroupPartition {
        GroupPartition(topic: "a", partition: partition, epoch: epoch, start: start)
    }

    private static func record(_ partition: Int32, _ offset: Int64) -> ReceivedRecord {
        ReceivedRecord(
            topic: "a",
            partition: partition,
            offset: offset,
            timestamp: nil,
            key: nil,
            keyBase64: nil,
            bytes: ByteBuffer(string: "{}")
        )
    }

    /// A ledger that owns partitions 0 and 1, each with records at 0, 1 and 2.
    private static func filled() -> MemberLedger {
        var ledger = MemberLedger()
        ledger.join(anotherMember: true)
        _ = ledger.assign([owned(0), owned(1)])
        for offset in 0..<3 {
            for partition in 0..<2 { _ = ledger.arrive(record(Int32(partition), Int64(offset))) }
        }
        return ledger
    }

    private func offset(_ partition: Int32, _ offset: Int64, epoch: Int64 = 1) -> CommitOffset {
        CommitOffset(topic: "a", partition: partition, offset: offset, epoch: epoch)
    }

    private func result(_ partition: Int32, _ text: String) -> CommitResult {
        CommitResult(topic: "a", partition: partition, result: text)
    }

    @Test func partitionsTakeTurnsAndKeepTheirOrder() {
        var ledger = Self.filled()
        var taken: [String] = []
        while let record = ledger.take(max: 1, holding: false)?.records.first {
            taken.append("\(record.partition)@\(record.offset)")
        }
        #expect(taken == ["0@0", "1@0", "0@1", "1@1", "0@2", "1@2"])
        #expect(ledger.waitingCount == 0 && ledger.waitingBytes == 0)
    }

    @Test func nothingMoreIsTakenOfAHeldPartition() throws {
        var ledger = Self.filled()
        let batches = [2, 5, 5].map { ledger.take(max: $0, holding: true) }
        let first = try #require(batches[0])
        #expect(first.records.map(\.offset) == [0, 1])
        #expect(batches[1]?.key != first.key && batches[1]?.records.count == 3)
        #expect(batches[2] == nil)
        ledger.finish(first)
        let rest = ledger.take(max: 5, holding: true)
        #expect(rest?.records.map(\.offset) == [2])
    }

    @Test func whatComesAgainAfterAReconnectIsLeftOut() {
        var ledger = Self.filled()
        _ = ledger.take(max: 1, holding: false)
        ledger.join(anotherMember: false)
        let (gained, lost) = ledger.assign([Self.owned(0), Self.owned(1)])
        #expect(gained.isEmpty && lost.isEmpty)
        let isNew = [0, 2, 3].map { ledger.arrive(Self.record(0, $0)) }
        #expect(isNew == [false, false, true])
        #expect(ledger.waitingCount == 6)
    }

    @Test func whatWasLostUnnoticedIsToldAfterAReconnect() {
        var ledger = Self.filled()
        ledger.join(anotherMember: false)
        let (gained, lost) = ledger.assign([Self.owned(1), Self.owned(2)])
        #expect(gained.map(\.partition) == [2] && lost.map(\.partition) == [0])
        #expect(ledger.waitingCount == 3)
        // Without a reconnect a list without it loses nothing: `revoked` tells that.
        let later = ledger.assign([Self.owned(1)]).lost
        #expect(later.isEmpty)
    }

    @Test func anotherMemberBeginsAnew() {
        var ledger = Self.filled()
        ledger.process(offset(0, 2))
        ledger.join(anotherMember: true)
        #expect(ledger.assignment.isEmpty && ledger.uncommitted.isEmpty && ledger.waitingCount == 0)
    }

    @Test func aNewEpochBeginsAnew() throws {
        var ledger = Self.filled()
        let batch = ledger.take(max: 1, holding: true)
        let taken = try #require(batch?.records.first)
        ledger.remove([Self.owned(0)])
        _ = ledger.assign([Self.owned(0, epoch: 5, start: 1)])
        #expect(!ledger.isCurrent(taken))
        ledger.process(taken.commitOffset)
        #expect(ledger.uncommitted.isEmpty)
        let isNew = ledger.arrive(Self.record(0, 1))
        #expect(isNew)
    }

    @Test func ofARevokedPartitionNothingWaitsAndItIsGivenBackWhenDrained() throws {
        var ledger = Self.filled()
        let batch = ledger.take(max: 1, holding: true)
        let taken = try #require(batch)
        ledger.revoke([Self.owned(0)])
        #expect(ledger.waitingCount == 3)
        #expect(!ledger.isCurrent(taken.records[0]))
        let isNew = ledger.arrive(Self.record(0, 3))
        let early = ledger.takeDrained()
        #expect(!isNew && early.isEmpty)
        ledger.process(taken.records[0].commitOffset)
        ledger.finish(taken)
        #expect(ledger.uncommitted == [offset(0, 1)])
        let uncommitted = ledger.takeDrained()
        #expect(uncommitted.isEmpty, "the commit is not in force yet")
        _ = ledger.settle([result(0, "committed")], of: [offset(0, 1)])
        let drained = [ledger.takeDrained(), ledger.takeDrained()]
        #expect(drained.map { $0.map(\.partition) } == [[0], []])
    }

    @Test func aRevocationThatIsCalledOffLosesNothing() {
        var ledger = Self.filled()
        _ = ledger.take(max: 1, holding: false)
        ledger.revoke([Self.owned(0)])
        _ = ledger.assign([Self.owned(0), Self.owned(1)])
        let isNew = [0, 1].map { ledger.arrive(Self.record(0, $0)) }
        #expect(isNew == [false, true], "the first was taken, the second thrown away")
    }

    @Test func aCommitSettlesWhatItSaidAndNoMore() {
        var ledger = Self.filled()
        while ledger.take(max: 1, holding: false) != nil {}
        ledger.process(offset(0, 2))
        let said = ledger.uncommitted
        ledger.process(offset(0, 3))
        _ = ledger.settle([result(0, "committed")], of: said)
        #expect(ledger.uncommitted == [offset(0, 3)])
        #expect(!ledger.isSettled)
        _ = ledger.settle([result(0, "outdated")], of: ledger.uncommitted)
        ledger.process(offset(1, 3))
        _ = ledger.settle([result(1, "committed")], of: ledger.uncommitted)
        #expect(ledger.isSettled)
    }

    @Test func aFencedPartitionIsGone() {
        var ledger = Self.filled()
        ledger.process(offset(0, 1))
        let refused = ledger.settle([result(0, "fenced")], of: ledger.uncommitted)
        #expect(refused.map(\.partition) == [0])
        #expect(ledger.assignment.map(\.partition) == [1])
        // An answer to a commit under a former epoch says nothing about the present one.
        _ = ledger.assign([Self.owned(0, epoch: 9)])
        _ = ledger.settle([result(0, "fenced")], of: [offset(0, 1)])
        #expect(ledger.assignment.map(\.epoch) == [9, 1])
    }

    @Test func leasesAreThoseOfWhatWasDeliveredAndIsToBeKept() {
        var ledger = Self.filled()
        ledger.revoke([Self.owned(1)])
        #expect(ledger.unsettled.map(\.partition) == [0])
        ledger.process(offset(0, 3))
        _ = ledger.settle([result(0, "committed")], of: ledger.uncommitted)
        #expect(ledger.unsettled.isEmpty)
    }
}
