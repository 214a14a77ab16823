import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

/// What a round makes of producers' requests.
@Suite struct ProducerRoundTests {
    @Test func aRetryIsAnsweredWithTheFirstOffsets() throws {
        let test = try TestStore()
        _ = try test.append("before")
        #expect(try test.send(0, [0: ["a", "b"], 1: ["c"]]).ranges == [AppendedSpan(1, 3), AppendedSpan(0, 1)])
        #expect(
            try test.send(0, [0: ["a", "b"], 1: ["c"]]).duplicateSpans == [AppendedSpan(1, 3), AppendedSpan(0, 1)]
        )
        #expect(try test.values() == ["before", "a", "b"])
        #expect(try test.values(TestStore.other) == ["c"])
    }

    @Test func whereBatchesEndIsNoPartOfTheContent() throws {
        let test = try TestStore()
        _ = try test.send(0, [0: ["a", "b"]])
        let (request, _) = try test.request(0, [0: ["a", "b"]])
        let number = try #require(request?.producer?.number)
        let cut = try CommitRequest(
            appends: [PartitionAppend(key: TestStore.key, batches: ["a", "b"].map { StoreWorkload.batch([$0]) })],
            producer: TestStore.producer("p"),
            number: number,
            epoch: 0,
            sequence: 0
        )
        #expect(try test.store.commit([cut]).first?.duplicateSpans == [AppendedSpan(0, 2)])
    }

    @Test func theRefusals() throws {
        let test = try TestStore()
        #expect(try test.send(3, [0: ["x"]]).refusal == .unknownProducer)
        for sequence in 0..<7 { #expect(try test.send(Int32(sequence), [0: ["\(sequence)"]]).isCommitted) }
        #expect(try test.send(8, [0: ["8"]]).refusal == .sequenceGap(expected: 7))
        #expect(try test.send(6, [0: ["other"]]).refusal == .contentDiffers)
        #expect(try test.send(6, [1: ["6"]]).refusal == .contentDiffers)
        #expect(try test.send(6, [0: ["6"], 1: ["6"]]).refusal == .contentDiffers)
        #expect(try test.send(1, [0: ["1"]]).refusal == .beforeWindow(oldest: 2))
        #expect(try test.send(7, epoch: 1, [0: ["7"]]).refusal == .sequenceGap(expected: 0))
        #expect(try test.send(0, epoch: 1, [0: ["new"]]).isCommitted)
        #expect(try test.send(7, [0: ["7"]]).refusal == .fenced(current: 1))
        #expect(try test.values() == (0..<7).map { "\($0)" } + ["new"])
    }

    @Test func producersTopicsAndPrincipalsHaveTheirOwnSequences() throws {
        let test = try TestStore()
        let second = TopicID(high: 8, low: 8)
        try test.store.createTopic(StoredTopic(id: second, name: TopicName(internal: "second"), partitionCount: 1))
        #expect(try test.send("p", 0, [0: ["a"]]).isCommitted)
        #expect(try test.send("q", 0, [0: ["a"]]).isCommitted)
        #expect(try test.send("p", 0, topic: second, [0: ["a"]]).isCommitted)
        #expect(try test.send("p", 1, topic: second, [0: ["b"]]).isCommitted)
        #expect(try test.send("p", 2, [0: ["c"]]).refusal == .sequenceGap(expected: 1))
        let other = ProducerName(namespace: .default, principal: "other", id: "p")
        guard case .number(let number) = test.store.producerNumber(of: other, sequence: 0),
            case .number(let own) = test.store.producerNumber(of: TestStore.producer("p"), sequence: 5)
        else {
            Issue.record("no numbers")
            return
        }
        #expect(number != own)
    }

    @Test func queuedRequestsOfTheRoundCount() throws {
        let test = try TestStore()
        let first = try #require(try test.request(0, [0: ["a"]]).request)
        let second = try #require(try test.request(1, [0: ["b"], 1: ["b"]]).request)
        let differs = try #require(try test.request(1, [0: ["x"]]).request)
        let gap = try #require(try test.request(4, [0: ["x"]]).request)
        let outcomes = try test.store.commit([first, first, second, gap, second, differs])
        #expect(outcomes.map(\.isCommitted) == [true, false, true, false, false, false])
        #expect(outcomes[1].duplicateSpans == [AppendedSpan(0, 1)])
        #expect(outcomes[3].refusal == .sequenceGap(expected: 2))
        #expect(outcomes[4].duplicateSpans == [AppendedSpan(1, 2), AppendedSpan(0, 1)])
        #expect(outcomes[5].refusal == .contentDiffers)
        #expect(try test.values() == ["a", "b"])
    }

    @Test(arguments: [0, 1])
    func aRefusedRoundChangesNoWindow(failingWrite: Int) throws {
        let test = try TestStore()
        #expect(try test.send("known", 0, [0: ["a"]]).isCommitted)
        let next = try #require(try test.request("known", 1, [0: ["b"]]).request)
        let new = try #require(try test.request("new", 0, [0: ["c"], 1: ["c"]]).request)
        let durable = try #require(try test.request("known", 0, [0: ["a"]]).request)
        let suffix = "/\(failingWrite)/00000000000000000000.log"
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == .write && $0.path.string.hasSuffix(suffix) }
        let refused = try test.store.commit([next, new, durable, next])
        for index in [0, 1, 3] {
            guard case .refused(.noSpace) = refused[index] else {
                Issue.record("request \(index): \(refused[index])")
                return
            }
        }
        #expect(refused[2].duplicateSpans == [AppendedSpan(0, 1)])
        #expect(try test.send("known", 2, [0: ["x"]]).refusal == .sequenceGap(expected: 1))
        #expect(try test.store.commit([new, next]).map(\.isCommitted) == [true, true])
        let killed = try test.killed()
        #expect(try killed.values() == ["a", "c", "b"])
        #expect(try killed.send("new", 0, [0: ["c"], 1: ["c"]]).duplicateSpans != nil)
        #expect(try killed.send("known", 1, [0: ["b"]]).duplicateSpans == [AppendedSpan(2, 3)])
    }

    @Test func aFailedFrameLeavesTheOutcomeToRecovery() throws {
        let test = try TestStore()
        _ = try test.send(0, [0: ["a"]])
        let next = try #require(try test.request(1, [0: ["b"]]).request)
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .journalFrame }
        #expect(throws: StorageError.self) { try test.store.commit([next, next]) }
        let after = try test.killed()
        let retry = try after.send(1, [0: ["b"]])
        #expect(retry.isCommitted || retry.duplicateSpans != nil)
        #expect(try after.values() == ["a", "b"])
    }

    @Test func theRetryOfAConditionalAppendIsADuplicate() throws {
        let test = try TestStore()
        #expect(try test.send(0, expected: .zero, [0: ["a"]]).isCommitted)
        #expect(try test.send(0, expected: .zero, [0: ["a"]]).duplicateSpans == [AppendedSpan(0, 1)])
        guard case .refused(.expectedOffset(_, .zero, Offset(1))) = try test.send(1, expected: .zero, [0: ["b"]]) else {
            Issue.record("a condition that does not hold was not looked at")
            return
        }
        // What was refused by its condition was not stored: the sequence is still the next one.
        #expect(try test.send(1, expected: Offset(1), [0: ["c"]]).isCommitted)
        #expect(try test.values() == ["a", "c"])
    }

    @Test func aQuarantinedPartitionRefusesTheWholeRequest() throws {
        let test = try TestStore()
        _ = try test.append("a")
        _ = try test.append("b", to: TestStore.other)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        try image.unlink(test.segment())
        let after = try TestStore(image)
        guard case .refused(.quarantined) = try after.send(0, [0: ["x"], 1: ["x"]]) else {
            Issue.record("a damaged partition took a request")
            return
        }
        #expect(try after.send(0, [1: ["y"]]).isCommitted)
        #expect(try after.values(TestStore.other) == ["b", "y"])
    }

    @Test func aDeletedTopicTakesItsWindowsWithIt() throws {
        let test = try TestStore()
        _ = try test.send(0, [0: ["a"]])
        let late = try #require(try test.request(1, [0: ["b"]]).request)
        let outcomes = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic), late])
        guard case .refused(.unknownTopic) = outcomes[1] else {
            Issue.record("\(outcomes[1])")
            return
        }
        #expect(throws: StorageError.self) { try test.store.loadProducers(of: TestStore.topic) }
        let again = TopicID(high: 7, low: 10)
        let name = TopicName(internal: "orders")
        try test.store.createTopic(StoredTopic(id: again, name: name, partitionCount: 2))
        #expect(try test.send(1, topic: again, [0: ["b"]]).refusal == .unknownProducer)
        #expect(try test.send(0, topic: again, [0: ["a"]]).isCommitted)
    }
}
