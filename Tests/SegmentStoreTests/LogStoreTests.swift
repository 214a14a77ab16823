import BrokerTestSupport
import RecordFormat
import SegmentStore
import SystemPackage
import Testing

@Suite struct LogStoreTests {
    @Test func offsetsAreDenseAndRecordsAreReadBack() throws {
        let test = try TestStore()
        #expect(try test.append("a", "b").ranges == [AppendedSpan(0, 2)])
        #expect(try test.append("c").ranges == [AppendedSpan(2, 3)])
        #expect(try test.values() == ["a", "b", "c"])
        #expect(try test.log().watermarks.visible.offset == Offset(3))
        #expect(try test.log().watermarks.logEnd.offset == Offset(3))
    }

    @Test(arguments: [1, 150, 4096])
    func everyOffsetIsFoundInEverySegment(bytesMax: Int) throws {
        var test = try TestStore()
        let values = (0..<60).map { "value \($0) " + String(repeating: "x", count: $0 * 7 % 200) }
        for value in values { _ = try test.append(value) }
        for round in 0..<3 {
            for start in values.indices {
                let found = try test.values(from: Int64(start), bytesMax: bytesMax)
                #expect(found == Array(values[start...]), "round \(round), from \(start)")
            }
            if round == 0 {
                test = try test.killed()
            } else {
                try test.checkpoint()
                try test.store.close()
                test = try TestStore(test.fileSystem)
            }
        }
        let segments = test.fileSystem.paths.filter { $0.hasSuffix(".log") }
        #expect(segments.count > 5)
        #expect(test.fileSystem.paths.contains { $0.hasSuffix(".index") })
    }

    @Test func aBatchLargerThanASegmentIsStoredAlone() throws {
        let test = try TestStore()
        let large = String(repeating: "y", count: 5000)
        _ = try test.append("a")
        _ = try test.append(large)
        _ = try test.append("b")
        #expect(try test.values(bytesMax: 1) == ["a", large, "b"])
        #expect(try test.killed().values() == ["a", large, "b"])
    }

    @Test func aRequestIsStoredInAllItsPartitionsOrInNone() throws {
        let test = try TestStore()
        let both = CommitRequest(appends: [
            PartitionAppend(key: TestStore.key, batches: [StoreWorkload.batch(["a"])]),
            PartitionAppend(key: TestStore.other, batches: [StoreWorkload.batch(["b"])], expectedOffset: Offset(4)),
        ])
        let outcome = try #require(try test.store.commit([both]).first)
        guard case .refused(.expectedOffset(TestStore.other, let expected, let actual)) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect((expected, actual) == (Offset(4), Offset(0)))
        #expect(try test.values() == [])
        #expect(try test.values(TestStore.other) == [])
    }

    @Test func conditionsCountWhatIsQueuedBefore() throws {
        let test = try TestStore()
        let requests = [nil, Offset(0), Offset(1)].map { expected in
            CommitRequest(appends: [
                PartitionAppend(
                    key: TestStore.key,
                    batches: [StoreWorkload.batch(["v"])],
                    expectedOffset: expected
                )
            ])
        }
        let outcomes = try test.store.commit(requests)
        #expect(outcomes.map(\.isCommitted) == [true, false, true])
        #expect(try test.log().watermarks.visible.offset == Offset(2))
    }

    @Test func aFullVolumeRefusesTheRoundAndKeepsTheRest() throws {
        let test = try TestStore()
        _ = try test.append("a")
        test.fileSystem.plan(.shortWrite(ByteCount(20), .noSpace)) { $0.path == test.segment() && $0.kind == .write }
        let outcome = try test.append("b")
        guard case .refused(.noSpace) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try test.values() == ["a"])
        #expect(try test.append("c").ranges == [AppendedSpan(1, 2)])
        #expect(try test.killed().values() == ["a", "c"])
    }

    @Test func aFailedFlushStopsTheStoreForGood() throws {
        let test = try TestStore()
        _ = try test.append("a")
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .journalFrame }
        #expect(throws: StorageError.self) { try test.append("b") }
        #expect(test.store.hasFailed)
        #expect(throws: StorageError.self) { try test.append("c") }
        #expect(test.store.captureCheckpoint() == nil)
        #expect(try test.values() == ["a"])
    }

    @Test func aFailedFlushOfASegmentRecordsNoCheckpoint() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        test.fileSystem.plan(.failure(.ioError)) { $0.site == .segment }
        #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        #expect(throws: StorageError.self) { try test.append("b") }
        #expect(try TestStore(test.fileSystem.crash(seed: 3, .losesAll)).values() == ["a"])
    }

    @Test func theRingMovesOnForManyLaps() throws {
        var test = try TestStore()
        for number in 0..<200 {
            if test.store.checkpointUrgency >= .due { try test.checkpoint() }
            _ = try test.append("\(number)")
        }
        #expect(try test.values() == (0..<200).map(String.init))
        test = try test.killed()
        #expect(try test.values() == (0..<200).map(String.init))
        #expect(try test.append("next").ranges == [AppendedSpan(200, 201)])
    }

    @Test func aDeletedTopicIsGoneAndAnotherMayFollow() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let log = try test.log()
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(test.store.partition(TestStore.key) == nil)
        #expect(throws: StorageError.self) { try log.read(from: .zero, bytesMax: ByteCount(10)) }
        let append = PartitionAppend(key: TestStore.key, batches: [StoreWorkload.batch(["b"])])
        #expect(try test.store.commit([CommitRequest(appends: [append])]).map(\.isCommitted) == [false])
        let after = try StoreWorkload.open(test.fileSystem.afterProcessDeath(), seed: 5)
        #expect(after.topics().isEmpty)
    }

    @Test func readsOutsideTheLogSayWhatThereIs() throws {
        let test = try TestStore()
        _ = try test.append("a")
        #expect(try test.log().read(from: Offset(1), bytesMax: ByteCount(10)).batches.isEmpty)
        do {
            _ = try test.log().read(from: Offset(2), bytesMax: ByteCount(10))
            Issue.record("an offset beyond the end was read")
        } catch {
            #expect("\(error)" == "offset 2 is outside 0 ... 1")
        }
    }

    @Test func runsNumberTheirBatches() throws {
        let test = try TestStore()
        _ = try test.append("a")
        let second = try test.killed()
        _ = try second.append("b")
        let slice = try second.log().read(from: .zero, bytesMax: ByteCount(1000))
        let epochs = slice.batches.map(\.leaderEpoch.value)
        #expect(epochs == [1, 2])
    }
}

/// Offsets that an append got.
struct AppendedSpan: Equatable {
    let base: Int64
    let end: Int64

    init(_ base: Int64, _ end: Int64) {
        self.base = base
        self.end = end
    }
}

extension CommitOutcome {
    var isCommitted: Bool {
        if case .committed = self { true } else { false }
    }

    var ranges: [AppendedSpan] {
        guard case .committed(let ranges) = self else { return [] }
        return ranges.map { AppendedSpan($0.base.value, $0.end.value) }
    }
}
