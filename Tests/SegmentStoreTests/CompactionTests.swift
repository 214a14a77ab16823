import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// What one compaction does, rule by rule.
@Suite struct CompactionTests {
    private func report(_ outcome: CompactionOutcome) throws -> CompactionReport {
        guard case .compacted(let report) = outcome else {
            Issue.record("the compaction ended as \(outcome)")
            throw CompactedStore.Refused()
        }
        return report
    }

    private func expectNothing(_ wrongs: [String]) {
        #expect(wrongs == [])
    }

    @Test func onlyTheNewestOfEachKeyStays() throws {
        var store = try CompactedStore()
        for round in 0..<4 { try store.append([("a", "a\(round)"), ("b", "b\(round)"), (nil, "free")]) }
        try store.seal()
        let report = try report(store.compact())
        #expect(report.recordsDropped == 7 && report.generation == 1 && !report.isPartial)
        #expect(report.bytesAfter < report.bytesBefore)
        try expectNothing(store.model.differences(from: store.log))
        #expect(
            try CompactionModel.records(of: store.log).filter { $0.key != "filling" }.map(\.offset) == [
                2, 5, 8, 9, 10, 11,
            ]
        )
        #expect(try store.compact() == .notNeeded)
        #expect(try store.strangers() == [])
    }

    @Test func aSegmentIsLeftAloneUntilItIsOldEnoughAndUntilTheCheckpointCoversIt() throws {
        var store = try CompactedStore()
        try store.append([("a", "1")])
        try store.append([("a", "2")])
        for _ in 0..<3 { try store.append([("filling", String(repeating: "f", count: 600))]) }
        #expect(try store.compact() == .notNeeded)
        try store.test.checkpoint()
        store.now = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000 + store.policy.lagMilliseconds - 1)
        #expect(try store.compact() == .notNeeded)
        store.now = store.now.advanced(byMilliseconds: 1)
        #expect(try report(store.compact()).recordsDropped == 2)
    }

    /// The manifest still names as retired what was unlinked, and whose directory was removed, right before the kill.
    @Test func aGenerationThatIsGoneAlreadyIsNoTroubleAfterAKill() throws {
        var store = try CompactedStore()
        for round in 0..<3 { try store.append([("a", "\(round)")]) }
        try store.seal()
        _ = try report(store.compact())
        let compacted = try store.log.state.withLock { $0.sealed.map(\.facts.id).filter { $0.generation == 1 } }
        #expect(!compacted.isEmpty)
        let policy = RetentionPolicy(bytes: .zero)
        let start = try #require(try store.test.store.retain(TestStore.key, policy)).logStart
        let retired = try store.log.state.withLock { $0.manifest.retired }
        #expect(retired.filter { $0.generation == 1 } == compacted)
        #expect(!store.test.fileSystem.paths.contains { $0.contains("/g1") })
        let values = try store.test.values(from: start.value)
        let killed = try store.test.killed()
        try killed.store.removeRetiredFiles()
        #expect(!killed.store.hasFailed)
        #expect(try killed.log().watermarks.logStart.offset == start)
        #expect(try killed.values(from: start.value) == values)
    }

    @Test func littleDirtWaitsUntilItIsOverdue() throws {
        var store = try CompactedStore()
        for key in 0..<12 { try store.append([("k\(key)", String(repeating: "v", count: 500))]) }
        try store.seal()
        _ = try report(store.compact())
        store.policy.dirtyPercentMin = 50
        try store.append([("k0", "new")])
        try store.append([("filling", String(repeating: "f", count: 600))])
        try store.test.checkpoint()
        #expect(try store.compact() == .notNeeded)
        store.now = store.now.advanced(byMilliseconds: store.policy.lagMaxMilliseconds)
        #expect(try report(store.compact()).segmentsBefore > 2)
        try expectNothing(store.model.differences(from: store.log))
    }

    @Test func aTombstoneStaysForItsTimeAndThenGoes() throws {
        var store = try CompactedStore()
        try store.append([("a", "1"), ("b", "1")])
        try store.append([("a", nil)])
        try store.seal()
        _ = try report(store.compact())
        #expect(try CompactionModel.records(of: store.log).first { $0.key == "a" }?.offset == 2)
        #expect(try store.log.compactedBelow == Offset(5))
        store.now = store.now.advanced(byMilliseconds: 999)
        try store.seal()
        _ = try report(store.compact())
        #expect(try CompactionModel.records(of: store.log).contains { $0.key == "a" })
        store.now = store.now.advanced(byMilliseconds: 1)
        try store.seal()
        _ = try report(store.compact())
        #expect(try !CompactionModel.records(of: store.log).contains { $0.key == "a" })
        try expectNothing(store.model.differences(from: store.log))
        try store.append([("a", "again")])
        try store.seal()
        _ = try report(store.compact())
        try expectNothing(store.model.differences(from: store.log))
        let again = try #require(try CompactionModel.records(of: store.log).first { $0.key == "a" })
        #expect(try store.log.previousVersion(of: Offset(again.offset)) == PreviousVersion.none)
    }

    @Test func aFullMapMakesThePassAPartialOne() throws {
        var store = try CompactedStore()
        store.policy.mapBytesMax = ByteCount(256)
        for round in 0..<3 {
            for key in 0..<10 { try store.append([("key \(key)", "\(round)")]) }
        }
        try store.seal()
        let first = try report(store.compact())
        #expect(first.isPartial && first.keys == 6 && first.to == Offset(6) && first.mapBytes == ByteCount(256))
        try expectNothing(store.model.differences(from: store.log))
        var passes = 1
        while case .compacted(let next) = try store.compact() {
            #expect(next.from == Offset(store.model.compactedTo) || next.to.value == store.model.compactedTo)
            #expect(next.mapBytes <= ByteCount(256))
            try expectNothing(store.model.differences(from: store.log))
            passes += 1
        }
        #expect(passes > 3)
        #expect(try CompactionModel.records(of: store.log).filter { $0.key != "filling" }.count == 10)
    }

    @Test func aKeyThatIsLargerThanTheMapIsTakenAlone() throws {
        var store = try CompactedStore()
        store.policy.mapBytesMax = ByteCount(256)
        let long = String(repeating: "k", count: 1000)
        for round in 0..<3 { try store.append([(long, "\(round)")]) }
        try store.seal()
        let report = try report(store.compact())
        #expect(report.keys == 1 && report.isPartial && report.recordsDropped == 2)
        try expectNothing(store.model.differences(from: store.log))
    }

    @Test func keysOfOneHashAreDifferentKeys() throws {
        var store = try CompactedStore()
        store.policy.keyHash = { _ in 0xABCD_EF01_2345_6789 }
        for round in 0..<4 {
            for key in 0..<8 { try store.append([("k\(key)", "\(round)"), ("", "empty \(round)")]) }
        }
        try store.seal()
        _ = try report(store.compact())
        try expectNothing(store.model.differences(from: store.log))
    }

    @Test func compressedBatchesStayCompressed() throws {
        var store = try CompactedStore()
        for round in 0..<4 {
            let records = (0..<20).map { (key: "k\($0)", value: "\(round) " + String(repeating: "v", count: 30)) }
            try store.append(records.map { ($0.key, $0.value) }, codec: .gzip)
            try store.append([("k\(round)", nil)], codec: .gzip)
        }
        try store.seal()
        _ = try report(store.compact())
        try expectNothing(store.model.differences(from: store.log))
        let slice = try store.log.read(from: .zero, bytesMax: .kibibytes(64))
        #expect(slice.batches.contains { $0.codec == .gzip })
    }

    @Test func wholeSegmentsMayBecomeEmptyAndReadersPassThem() throws {
        var store = try CompactedStore()
        let wide = String(repeating: "w", count: 600)
        for _ in 0..<6 { try store.append([("only", wide)]) }
        try store.seal()
        _ = try report(store.compact())
        try expectNothing(store.model.differences(from: store.log))
        let sizes = try store.log.state.withLock { $0.manifest.sealed.map(\.size) }
        #expect(sizes.contains(.zero))
        for start in 0..<9 {
            let found = try CompactionModel.records(of: store.log, from: Int64(start), bytesMax: 1).map(\.offset)
            #expect(found == store.model.present.sorted().filter { $0 >= start })
        }
        // Empty ones go into their neighbours at the next pass.
        try store.seal()
        _ = try report(store.compact())
        #expect(try store.log.state.withLock { $0.manifest.sealed.count } < sizes.count)
        try expectNothing(store.model.differences(from: store.log))
        let again = try store.test.killed()
        try expectNothing(store.model.differences(from: again.log()))
    }

    @Test func anOffsetInAHoleLeadsToTheNextRecord() throws {
        var store = try CompactedStore()
        for round in 0..<60 { try store.append([("k\(round % 7)", "\(round)"), ("k\(round % 3)", "\(round)")]) }
        try store.seal()
        _ = try report(store.compact())
        let present = store.model.present.sorted()
        for start in 0..<Int64(store.model.appended.count) {
            for bytesMax in [1, 150, 5000] {
                let found = try CompactionModel.records(of: store.log, from: start, bytesMax: bytesMax)
                #expect(found.map(\.offset) == present.filter { $0 >= start })
            }
        }
    }

    @Test func aReaderUnderWayFinishesAndItsFilesGoAfterwards() throws {
        var store = try CompactedStore()
        for round in 0..<4 { try store.append([("a", "a\(round)"), ("b", "b\(round)")]) }
        try store.seal()
        let log = try store.log
        let id = SegmentID(base: .zero, generation: 0)
        let held = try #require(log.acquireSealed(id))
        let size = try #require(log.state.withLock { $0.sealed.first?.facts.size })
        _ = try report(store.compact())
        #expect(store.test.fileSystem.paths.contains(held.path.string))
        let reader = SegmentReader(segment: held, limit: size, end: Offset(8), isSealed: true)
        let batches = try reader.read(from: .zero, bytesMax: .kibibytes(64))
        #expect(try batches.flatMap { try $0.decodedRecords() }.count == 8)
        try store.test.store.removeRetiredFiles()
        #expect(store.test.fileSystem.paths.contains(held.path.string))
        held.release()
        try store.test.store.removeRetiredFiles()
        #expect(!store.test.fileSystem.paths.contains(held.path.string))
        #expect(try store.strangers() == [])
    }

    @Test func aCompactionThatIsCancelledLeavesNothingBehind() throws {
        var store = try CompactedStore()
        for round in 0..<12 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
        try store.seal()
        var calls = 0
        while true {
            var left = calls
            let outcome = try store.compact { _ in
                left -= 1
                return left >= 0
            }
            if case .compacted = outcome { break }
            #expect(outcome == .cancelled)
            try expectNothing(store.model.violations(by: store.log))
            #expect(try store.strangers() == [])
            calls += 1
        }
        #expect(calls > 10)
        // Those that were cancelled had removed versions before those whose turn had not come.
        try expectNothing(store.model.differences(from: store.log, allowsUnknown: true))
    }

    @Test func aCompactionOfADeletedTopicIsAbandoned() throws {
        for moment in 0..<14 {
            var store = try CompactedStore()
            for round in 0..<12 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
            try store.seal()
            let test = store.test
            var left = moment
            let outcome = try store.compact { _ in
                left -= 1
                guard left == -1 else { return true }
                let request = CommitRequest(appends: [], deletedTopic: TestStore.topic)
                #expect(throws: Never.self) {
                    _ = try test.store.commit([request])
                    try test.checkpoint()
                }
                return true
            }
            #expect(outcome == .abandoned)
            #expect(!test.fileSystem.paths.contains { $0.contains(TestStore.topic.hex) })
            #expect(!test.store.hasFailed)
        }
    }

    @Test func aSegmentThatIsRemovedMeanwhileEndsTheCompaction() throws {
        var store = try CompactedStore()
        for round in 0..<12 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
        try store.seal()
        let log = try store.log
        let outcome = try store.compact { _ in
            #expect(throws: Never.self) {
                try log.changeManifest {
                    if $0.sealed.first?.generation == 0 { $0.sealed.removeFirst() }
                } apply: {
                    if let first = $0.sealed.first, first.facts.generation == 0 {
                        $0.retired.append(first.segment)
                        $0.sealed.removeFirst()
                        $0.logStart = first.facts.end
                    }
                }
            }
            return true
        }
        #expect(outcome == .abandoned)
        #expect(try store.strangers().filter { $0.contains("/g") } == [])
    }

    @Test func aDiskWithoutRoomLeavesTheLogAsItWas() throws {
        var store = try CompactedStore()
        for round in 0..<12 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
        try store.seal()
        store.test.fileSystem.plan(.failure(.noSpace), times: 1) {
            $0.path.string.contains("/g1/") && $0.kind == .write
        }
        #expect(throws: StorageError.self) { try store.compact() }
        #expect(!store.test.store.hasFailed)
        try expectNothing(store.model.differences(from: store.log))
        #expect(try store.strangers() == [])
        _ = try report(store.compact())
        try expectNothing(store.model.differences(from: store.log))
    }

    @Test(arguments: [FlushSite.compactedSegment, .compactedVersions, .compactedNames, .generationName])
    func aFailedFlushEndsTheProcess(site: FlushSite) throws {
        var store = try CompactedStore()
        for round in 0..<6 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
        try store.seal()
        store.test.fileSystem.plan(.failure(.ioError), times: 1) { $0.site == site }
        #expect(throws: StorageError.self) { try store.compact() }
        #expect(store.test.store.hasFailed)
        let again = try store.test.killed()
        try expectNothing(store.model.differences(from: again.log()))
    }

    @Test func damageInASegmentIsToldWithItsPlaceAndChangesNothing() throws {
        var store = try CompactedStore()
        for round in 0..<6 { try store.append([("a\(round % 2)", String(repeating: "v", count: 250))]) }
        try store.seal()
        let path = store.test.segment()
        try store.test.fileSystem.flipBit(of: path, at: FilePosition(100), bit: 3)
        do {
            _ = try store.compact()
            Issue.record("the damage was not seen")
        } catch StorageError.corrupt(let damaged, _, _) {
            #expect(damaged == path)
        }
        #expect(try store.strangers() == [])
    }

    @Test func aVersionsFileThatIsDamagedTellsNothingWrong() throws {
        var store = try CompactedStore()
        for round in 0..<3 { for key in 0..<9 { try store.append([("k\(key)", "\(round)")]) } }
        try store.seal()
        _ = try report(store.compact())
        let log = try store.log
        let sealed = try #require(log.state.withLock { $0.sealed.last { $0.facts.base <= Offset(26) } })
        let path = sealed.segment.directory.appending(SegmentName.versions(sealed.facts.base))
        let intact = try store.test.fileSystem.contents(of: path)
        let offsets = try CompactionModel.records(of: log).map(\.offset)
            .filter { sealed.facts.base.value <= $0 && $0 < sealed.facts.end.value }
        try #require(offsets.count >= 5)
        for position in stride(from: 0, to: intact.count, by: 61) {
            try store.test.fileSystem.flipBit(of: path, at: FilePosition(UInt64(position)), bit: position % 8)
            for offset in offsets {
                let previous = try log.previousVersion(of: Offset(offset))
                #expect(previous == .unknown || previous == store.model.previous(of: offset))
            }
            try store.test.fileSystem.replaceContents(of: path, with: intact)
        }
        try store.test.fileSystem.replaceContents(of: path, with: Array(intact.prefix(5000)))
        #expect(try log.previousVersion(of: Offset(offsets[0])) == .unknown)
        // The next compaction goes on without it: what it told of is unknown, what it finds itself it tells.
        try store.test.fileSystem.unlink(path)
        try store.append([("k3", "new")])
        try store.seal()
        _ = try report(store.compact())
        #expect(try log.previousVersion(of: Offset(offsets[0])) == .unknown)
        let newest = try #require(store.model.newest["k3"])
        #expect(try log.previousVersion(of: Offset(newest.offset)) == store.model.previous(of: newest.offset))
        try expectNothing(store.model.violations(by: log, allowsUnknown: true))
    }
}
