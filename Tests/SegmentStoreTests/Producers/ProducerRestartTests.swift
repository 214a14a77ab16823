import BrokerTestSupport
import NIOCore
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// What is left of producers' windows after a stop, in order or not, and after damage to the files that keep them.
@Suite struct ProducerRestartTests {
    enum Stop: CaseIterable {
        case clean, killed
    }

    private func again(_ test: TestStore, _ stop: Stop) throws -> TestStore {
        stop == .clean ? try test.restarted() : try test.killed()
    }

    /// Sends requests 0 ..< count of a producer: the even ones to partition 0, every third one to 1, each of two values.
    private func fill(_ test: TestStore, _ id: String = "p", count: Int32, from first: Int32 = 0) throws {
        for sequence in first..<count {
            #expect(try test.send(id, sequence, Self.values(id, sequence)).isCommitted)
            if sequence % 4 == 3 { try test.checkpoint() }
        }
    }

    static func values(_ id: String, _ sequence: Int32) -> [Int32: [String]] {
        let values = ["\(id)\(sequence)", String(repeating: "x", count: Int(sequence) * 37 % 90)]
        var sent: [Int32: [String]] = [:]
        if sequence % 2 == 0 || sequence % 3 != 0 { sent[0] = values }
        if sequence % 3 == 0 { sent[1] = values }
        return sent
    }

    /// The last five are duplicates, older ones are before the window, and the next one is new.
    private func expectWindow(_ test: TestStore, _ id: String = "p", count: Int32) throws {
        for sequence in max(0, count - 5)..<count {
            let outcome = try test.send(id, sequence, Self.values(id, sequence))
            #expect(outcome.duplicateSpans != nil, "sequence \(sequence): \(outcome)")
            #expect(try test.send(id, sequence, [0: ["other"]]).refusal == .contentDiffers)
        }
        if count > 5 {
            let old = try test.send(id, count - 6, Self.values(id, count - 6))
            #expect(old.refusal == .beforeWindow(oldest: count - 5))
        }
        #expect(try test.send(id, count + 1, [0: ["x"]]).refusal == .sequenceGap(expected: count))
    }

    private func snapshots(_ fileSystem: SimulatedFileSystem) -> [FilePath] {
        fileSystem.paths.filter { $0.hasSuffix(".snapshot") }.map { FilePath($0) }
    }

    @Test(arguments: Stop.allCases, [1, 3, 12, 40])
    func windowsSurviveAStop(stop: Stop, count: Int32) throws {
        let test = try TestStore()
        try fill(test, count: count)
        try fill(test, "q", count: 2)
        var after = try again(test, stop)
        for _ in 0..<2 {
            try expectWindow(after, count: count)
            try expectWindow(after, "q", count: 2)
            after = try again(after, stop)
        }
        try fill(after, count: count + 7, from: count)
        try expectWindow(after, count: count + 7)
        let perPartition = Dictionary(grouping: snapshots(after.fileSystem)) { $0.removingLastComponent() }
        #expect(perPartition.values.allSatisfy { $0.count <= 2 })
        if count == 40 { #expect(perPartition.count == 2) }
    }

    @Test func anEpochSurvivesAStop() throws {
        let test = try TestStore()
        try fill(test, count: 9)
        _ = try test.send(0, epoch: 3, [1: ["new"]])
        for stop in Stop.allCases {
            let after = try again(try TestStore(SimulatedFileSystem(test.fileSystem.image)), stop)
            #expect(try after.send(9, [0: ["x"]]).refusal == .fenced(current: 3))
            #expect(try after.send(0, epoch: 3, [1: ["new"]]).duplicateSpans != nil)
            #expect(try after.send(1, epoch: 3, [0: ["x"]]).isCommitted)
        }
    }

    @Test func snapshotsAreNoEvidence() throws {
        let test = try TestStore()
        try fill(test, count: 30)
        try test.store.close()
        let stopped = test.fileSystem.image
        let paths = snapshots(test.fileSystem)
        try #require(paths.count == 4)
        let changes: [(String, (SimulatedFileSystem) throws -> Void)] = [
            ("missing", { image in for path in paths { try image.unlink(path) } }),
            ("the newest missing", { image in for path in [paths[1], paths[3]] { try image.unlink(path) } }),
            ("flipped", { image in for path in paths { try image.flipBit(of: path, at: FilePosition(70), bit: 2) } }),
            (
                "cut",
                { image in
                    for path in paths {
                        try image.replaceContents(of: path, with: Array(image.contents(of: path).prefix(50)))
                    }
                }
            ),
            ("empty", { image in for path in paths { try image.replaceContents(of: path, with: []) } }),
            (
                "swapped",
                { image in
                    let (first, second) = (try image.contents(of: paths[1]), try image.contents(of: paths[3]))
                    try image.replaceContents(of: paths[1], with: second)
                    try image.replaceContents(of: paths[3], with: first)
                }
            ),
            (
                "of an older moment",
                { image in
                    try image.replaceContents(of: paths[1], with: image.contents(of: paths[0]))
                }
            ),
            ("beyond the end", { image in try Self.plant(beyondTheEndOf: paths[1], in: image) }),
        ]
        for (what, change) in changes {
            let image = SimulatedFileSystem(stopped)
            try change(image)
            do {
                try expectWindow(try TestStore(image), count: 30)
            } catch {
                Issue.record("\(what): \(error)")
            }
        }
    }

    /// A snapshot that claims a later offset, and that nothing is known.
    private static func plant(beyondTheEndOf path: FilePath, in image: SimulatedFileSystem) throws {
        let bytes = ByteBuffer(bytes: try image.contents(of: path))
        let owner = try StoreMeta(
            decoding: ByteBuffer(bytes: image.contents(of: "/data/store/millrace.meta")),
            path: "meta"
        ).directoryID
        let found = try ProducerSnapshot(decoding: bytes, directory: owner, path: path)
        let later = ProducerSnapshot(
            key: found.key,
            run: found.run,
            offset: Offset(found.offset.value + 1000),
            producers: PartitionProducers(windows: [:], knownFrom: .max)
        )
        let target = path.removingLastComponent().appending(SegmentName.snapshot(later.offset))
        try image.replaceContents(of: target, with: Array(later.encoded(directory: owner).readableBytesView))
    }

    /// Lets the sealed segments of both partitions go, as retention does.
    private func dropSealed(_ test: TestStore) throws -> Int {
        var dropped = 0
        for key in [TestStore.key, TestStore.other] {
            let log = try test.log(key)
            dropped += log.state.withLock { $0.manifest.sealed.count }
            let forget: (inout Manifest) -> Void = { manifest in
                manifest.sealed = []
                manifest.logStart = manifest.end
            }
            try log.changeManifest(
                forget,
                apply: { state in
                    state.sealed = state.sealed.filter { $0.facts.base >= state.manifest.end }
                    state.logStart = state.manifest.end
                }
            )
        }
        return dropped
    }

    @Test(arguments: Stop.allCases)
    func whatRetentionTakesIsRemembered(stop: Stop) throws {
        let test = try TestStore()
        try fill(test, count: 30)
        try fill(test, "idle", count: 3)
        try fill(test, "later", count: 40)
        try test.checkpoint()
        #expect(try dropSealed(test) > 4)
        var after = try again(test, stop)
        try expectWindow(after, "idle", count: 3)
        try expectWindow(after, count: 30)
        // The flusher carries on what nobody asked for in this run.
        after = try again(after, stop)
        for number in 0..<40 {
            _ = try after.append("plain \(number)" + String(repeating: "y", count: 80))
            _ = try after.append("plain \(number)" + String(repeating: "y", count: 80), to: TestStore.other)
        }
        try after.checkpoint()
        #expect(try dropSealed(after) > 4)
        after = try again(after, stop)
        try expectWindow(after, "idle", count: 3)
        try expectWindow(after, "later", count: 40)
    }

    @Test func whatIsLostLetsNoDuplicateIn() throws {
        let test = try TestStore()
        try fill(test, count: 30)
        try test.checkpoint()
        #expect(try dropSealed(test) > 2)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        for path in snapshots(image) { try image.unlink(path) }
        var after = try TestStore(image)
        for _ in 0..<2 {
            for sequence in [0, 28, 29, 30] as [Int32] {
                #expect(try after.send(sequence, Self.values("p", sequence)).refusal == .stateLost)
            }
            #expect(try after.send(0, epoch: 9, [0: ["x"]]).refusal == .stateLost)
            after = try after.restarted()
        }
        try fill(after, "q", count: 30)
        #expect(try after.restarted().send("q", 29, Self.values("q", 29)).duplicateSpans != nil)
        #expect(try after.killed().send("p", 30, Self.values("p", 30)).refusal == .stateLost)
    }

    @Test func damageThatTheScanMeetsLetsNoDuplicateIn() throws {
        let test = try TestStore()
        try fill(test, count: 30)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        for path in snapshots(image) { try image.unlink(path) }
        try image.flipBit(of: test.segment(), at: FilePosition(80), bit: 0)
        let after = try TestStore(image)
        #expect(try after.send(29, Self.values("p", 29)).refusal == .stateLost)
        #expect(try after.send("q", 0, [1: ["a"]]).isCommitted)
        #expect(!after.store.hasFailed)
    }

    @Test(arguments: ["missing", "damaged", "empty"])
    func withoutTheRegistryNothingStarts(damage: String) throws {
        let test = try TestStore()
        try fill(test, count: 3)
        try test.store.close()
        let image = test.fileSystem.afterProcessDeath()
        switch damage {
        case "missing": try image.unlink(test.path("producers"))
        case "damaged": try image.flipBit(of: test.path("producers"), at: FilePosition(60), bit: 1)
        default: try image.replaceContents(of: test.path("producers"), with: [])
        }
        do {
            _ = try TestStore(image)
            Issue.record("it started")
        } catch let error as StorageError {
            #expect(error.description.contains("producers"), "\(error)")
        }
    }

    @Test func anOlderRegistryIsNoticed() throws {
        let test = try TestStore()
        let old = try test.fileSystem.contents(of: test.path("producers"))
        try fill(test, count: 30)
        let unclean = SimulatedFileSystem(test.fileSystem.image)
        try test.store.close()
        // Batches above the checkpoint tell it by their number, and the checkpoint of the stop by the next one.
        for image in [unclean, test.fileSystem.afterProcessDeath()] {
            try image.replaceContents(of: test.path("producers"), with: old)
            do {
                _ = try TestStore(image)
                Issue.record("it started")
            } catch let error as StorageError {
                #expect(error.description.contains("older than the checkpoint"), "\(error)")
            }
        }
    }

    @Test func aNumberThatWasGivenAndNeverUsedIsGivenAgain() throws {
        let first = try TestStore()
        try fill(first, count: 3)
        try first.store.close()
        let second = try TestStore(first.fileSystem.afterProcessDeath())
        let given = second.store.producerNumber(of: TestStore.producer("late"), sequence: 0)
        try second.store.close()
        let third = try TestStore(second.fileSystem.afterProcessDeath())
        #expect(third.store.producerNumber(of: TestStore.producer("other"), sequence: 0) == given)
    }

    /// The checkpoint that was to write the names is tried again, or given up at a stop: either way the next one that lets
    /// the ring forget their frames has written them.
    @Test(arguments: [SimulatedCall.Kind.create, .write], [false, true])
    func aFullVolumeDelaysTheRegistryAndLosesNoName(kind: SimulatedCall.Kind, isGivenUp: Bool) throws {
        let test = try TestStore()
        try fill(test, count: 1)
        let checkpoint = try #require(test.store.captureCheckpoint())
        #expect(checkpoint.producers != nil)
        test.fileSystem.plan(.failure(.noSpace)) { $0.kind == kind && $0.path.string.contains("/producers") }
        let error = #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        guard case .io = error else {
            Issue.record("got \(String(describing: error))")
            return
        }
        #expect(!test.store.hasFailed)
        // Until then the frame with the name is kept.
        try expectWindow(try TestStore(SimulatedFileSystem(test.fileSystem.image)), count: 1)
        if isGivenUp {
            test.store.abandon(checkpoint)
        } else {
            try test.store.complete(checkpoint)
        }
        // Of what a stop or a second checkpoint has to write, the names are the only thing that is missing.
        if test.store.checkpointUrgency != .none { try test.checkpoint() }
        try expectWindow(try TestStore(SimulatedFileSystem(test.fileSystem.image)), count: 1)
        try expectWindow(try test.restarted(), count: 1)
    }

    @Test func aGrownTopicSaysThatItCannotTell() throws {
        let test = try TestStore()
        let grown = TopicID(high: 5, low: 5)
        try test.store.createTopic(
            StoredTopic(id: grown, name: TopicName(internal: "grown"), partitionCount: 3, initialPartitionCount: 1)
        )
        #expect(try test.send(0, topic: grown, [0: ["a", "b"]]).isCommitted)
        #expect(try test.send(0, topic: grown, [0: ["a"], 2: ["b"]]).refusal == .routedDifferently)
        #expect(try test.send(0, topic: grown, [0: ["a", "b"]]).duplicateSpans != nil)
        let after = try test.killed()
        #expect(try after.send(0, topic: grown, [1: ["a", "b"]]).refusal == .routedDifferently)
        #expect(try after.send(1, topic: grown, [1: ["c"], 2: ["d"]]).isCommitted)
    }
}
