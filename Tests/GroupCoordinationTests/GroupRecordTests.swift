import GroupTestSupport
import RecordFormat
import Testing

@testable import GroupCoordination

@Suite struct GroupRecordTests {
    private static let group = groupName("billing")
    private static let partition = TopicPartition(topicName("orders"), PartitionIndex(3))

    /// One of each, for round trips and for the fuzzer.
    static let keys: [GroupRecordKey] = [
        .offsetCommit(group, partition), .group(group), .member(group, MemberID("m-1")), .partition(group, partition),
    ]

    static let values: [[UInt8]] = [
        OffsetCommitValue(offset: Offset(950), metadata: "né", timestamp: Timestamp(millisecondsSinceEpoch: 77))
            .encoded,
        groupValue.encoded,
        MemberValue(isGone: true, epoch: MemberEpoch(3), instance: "pod-7", joinedAt: .init(millisecondsSinceEpoch: 5))
            .encoded,
        PartitionValue(topicID: TopicID(high: 1, low: 2), epoch: PartitionEpoch(17), holder: nil).encoded,
        partitionValue(.owned).encoded,
        partitionValue(.revoking(delivered: Offset(9), until: .init(millisecondsSinceEpoch: 8))).encoded,
        partitionValue(.draining(delivered: nil, until: .init(millisecondsSinceEpoch: 8))).encoded,
    ]

    private static let groupValue = GroupValue(
        epoch: GroupEpoch(42),
        lastPartitionEpoch: PartitionEpoch(17),
        commitTimeoutMilliseconds: 60_000,
        extras: .init(
            sessionTimeoutMilliseconds: 10_000,
            membersMax: 7,
            timeToLiveMilliseconds: 5_000,
            emptySince: Timestamp(millisecondsSinceEpoch: 11)
        ),
        start: .time(Timestamp(millisecondsSinceEpoch: 9)),
        topics: [
            .init(name: topicName("invoices"), id: nil, partitionCount: 0),
            .init(name: topicName("kept"), id: TopicID(high: 3, low: 4), partitionCount: 2, isKept: true),
            .init(name: topicName("orders"), id: TopicID(high: 1, low: 2), partitionCount: 8),
        ]
    )

    /// A golden group record of version 0: groups of that time are read with the defaults for what it does not say.
    @Test func olderGroupValueIsRead() throws {
        let bytes: [UInt8] =
            [0, 0] + [0, 0, 0, 0, 0, 0, 0, 42] + [0, 0, 0, 0, 0, 0, 0, 17] + [0, 0, 0, 0, 0, 0, 0xEA, 0x60]
            + [0] + [0, 0, 0, 0, 0, 0, 0, 0] + [0, 0, 0, 1] + [0, 6] + Array("orders".utf8)
            + [1] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 8]
        let value = try GroupValue(decoding: bytes)
        #expect(value.extras == nil)
        #expect(value.epoch == GroupEpoch(42))
        #expect(value.topics.map(\.partitionCount) == [8])
        #expect(value.encoded == bytes)
        #expect(GroupRules(value, GroupConfiguration()).sessionTimeout == 10_000)
    }

    private static func partitionValue(_ phase: PartitionValue.Phase) -> PartitionValue {
        PartitionValue(
            topicID: TopicID(high: 1, low: 2),
            epoch: PartitionEpoch(17),
            holder: .init(owner: MemberID("m-1"), phase: phase)
        )
    }

    /// Kafka's `OffsetCommitKey` version 1, by hand.
    @Test func offsetCommitKeyIsKafkas() {
        let expected: [UInt8] =
            [0, 1, 0, 7] + Array("billing".utf8) + [0, 6] + Array("orders".utf8) + [0, 0, 0, 3]
        #expect(GroupRecordKey.offsetCommit(Self.group, Self.partition).encoded == expected)
    }

    /// Kafka's `OffsetCommitValue` version 3, by hand.
    @Test func offsetCommitValueIsKafkas() {
        let value = OffsetCommitValue(
            offset: Offset(0x0102_0304_0506_0708),
            metadata: "hi",
            timestamp: Timestamp(millisecondsSinceEpoch: 0x11)
        )
        let expected: [UInt8] =
            [0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0, 2] + Array("hi".utf8)
            + [0, 0, 0, 0, 0, 0, 0, 0x11]
        #expect(value.encoded == expected)
    }

    @Test func ownKindsBeginAtAThousand() {
        #expect(GroupRecordKey.group(Self.group).encoded == [0x03, 0xE8, 0, 7] + Array("billing".utf8))
        #expect(Array(GroupRecordKey.member(Self.group, MemberID("m")).encoded.prefix(2)) == [0x03, 0xE9])
        #expect(Array(GroupRecordKey.partition(Self.group, Self.partition).encoded.prefix(2)) == [0x03, 0xEA])
    }

    /// A golden partition record: what a directory of today holds must be read for ever.
    @Test func partitionValueIsGolden() {
        let value = Self.partitionValue(.revoking(delivered: Offset(9), until: .init(millisecondsSinceEpoch: 8)))
        let expected: [UInt8] =
            [0, 0] + [0, 0, 0, 0, 0, 0, 0, 1] + [0, 0, 0, 0, 0, 0, 0, 2] + [0, 0, 0, 0, 0, 0, 0, 17] + [2]
            + [0, 3] + Array("m-1".utf8) + [0, 0, 0, 0, 0, 0, 0, 9] + [0, 0, 0, 0, 0, 0, 0, 8]
        #expect(value.encoded == expected)
    }

    @Test func everythingComesBack() throws {
        for key in Self.keys {
            #expect(try GroupRecordKey(decoding: key.encoded) == key)
        }
        #expect(try OffsetCommitValue(decoding: Self.values[0]).encoded == Self.values[0])
        #expect(try GroupValue(decoding: Self.values[1]) == Self.groupValue)
        #expect(try MemberValue(decoding: Self.values[2]).encoded == Self.values[2])
        for value in Self.values[3...] {
            #expect(try PartitionValue(decoding: value).encoded == value)
        }
    }

    @Test(arguments: [
        StartPosition.earliest, .latest, .time(.init(millisecondsSinceEpoch: 1)), .beforeEnd(5), .offset(.init(6)),
    ])
    func everyStartComesBack(start: StartPosition) throws {
        let value = GroupValue(
            epoch: GroupEpoch(1),
            lastPartitionEpoch: PartitionEpoch(0),
            commitTimeoutMilliseconds: 1_000,
            start: start,
            topics: []
        )
        #expect(try GroupValue(decoding: value.encoded).start == start)
    }

    @Test func namespacesAreWrittenBeforeTheName() throws {
        let tenant = try Namespace(validating: "tenant")
        let key = GroupRecordKey.offsetCommit(
            try GroupName(validating: "billing", in: tenant),
            TopicPartition(try TopicName(validating: "orders", in: tenant), .zero)
        )
        #expect(Array(key.encoded[2..<18]) == [0, 14] + Array("tenant/billing".utf8))
        #expect(try GroupRecordKey(decoding: key.encoded) == key)
    }

    @Test func errorsSayWhatAndWhere() {
        #expect(throws: GroupRecordError(kind: .unknownVersion(2), part: .key, byteOffset: 2)) {
            try GroupRecordKey(decoding: [0, 2])
        }
        #expect(throws: GroupRecordError(kind: .truncated, part: .value, byteOffset: 2)) {
            try OffsetCommitValue(decoding: [0, 3, 0])
        }
        #expect(throws: GroupRecordError(kind: .trailingBytes, part: .key, byteOffset: 11)) {
            try GroupRecordKey(decoding: GroupRecordKey.group(Self.group).encoded + [0])
        }
        let error = GroupRecordError(kind: .truncated, part: .value, byteOffset: 7)
        #expect(error.description == "group record: value ends too early, at byte 7")
    }
}

/// Truncates, flips and lengthens every kind of record: a typed error or a value, never a trap.
@Suite struct GroupRecordFuzzTests {
    @Test func damagedBytesNeverTrap() {
        var random = SplitMix(seed: 0xF022)
        for golden in GroupRecordTests.keys.map(\.encoded) + GroupRecordTests.values {
            for length in 0..<golden.count { decode(Array(golden.prefix(length))) }
            for position in golden.indices {
                for bit in 0..<8 {
                    var damaged = golden
                    damaged[position] ^= 1 << UInt8(bit)
                    decode(damaged)
                }
            }
            for _ in 0..<200 {
                var damaged = golden
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    damaged[Int.random(in: damaged.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                damaged += (0..<Int.random(in: 0...9, using: &random)).map { _ in .random(in: 0...255, using: &random) }
                decode(damaged)
            }
        }
    }

    /// Whole logs of damaged values: a shard is refused or built, and the one that is built can be used.
    @Test func damagedLogsNeverTrap() {
        var random = SplitMix(seed: 0xF023)
        var harness = GroupHarness()
        harness.join("a")
        harness.join("b", instance: "pod")
        harness.advance(100)
        harness.deliver("a", 0, to: 10)
        harness.disconnect("a")
        for _ in 0..<400 {
            var shard = GroupShard(configuration: GroupConfiguration())
            for record in harness.log {
                var value = record.value
                if random.chance(10), let count = value?.count, count > 0 {
                    value?[Int.random(in: 0..<count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
                }
                try? shard.replay(key: record.key, value: value, now: harness.now)
            }
            _ = shard.finishReplay(now: harness.now)
            _ = shard.apply(.tick, now: harness.now)
            _ = shard.describe(GroupHarness.group)
        }
    }

    private func decode(_ bytes: [UInt8]) {
        _ = try? GroupRecordKey(decoding: bytes)
        _ = try? OffsetCommitValue(decoding: bytes)
        _ = try? GroupValue(decoding: bytes)
        _ = try? MemberValue(decoding: bytes)
        _ = try? PartitionValue(decoding: bytes)
    }
}
