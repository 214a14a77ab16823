import BrokerTestSupport
import RecordFormat
import SystemPackage
import Testing

@testable import SegmentStore

/// Few descriptors, many segments.
@Suite struct DescriptorTests {
    private static let partitionCount: Int32 = 40

    /// A store with one topic of forty partitions.
    private struct Store {
        let fileSystem: SimulatedFileSystem
        let store: LogStore

        init(_ fileSystem: SimulatedFileSystem, openSegmentsMax: Int = 8, frameKibibytes: Int = 16) throws {
            self.fileSystem = fileSystem
            var configuration = StoreWorkload.configuration
            configuration.openSegmentsMax = openSegmentsMax
            configuration.frameBytesMax = .kibibytes(frameKibibytes)
            configuration.ringBytes = .kibibytes(4 * frameKibibytes)
            configuration.segmentBytesMax = .kibibytes(64)
            store = try LogStore.open(
                configuration,
                fileSystem: fileSystem,
                wallTime: { Timestamp(millisecondsSinceEpoch: 1) },
                randomBytes: { count in (0..<count).map { UInt8($0) } },
                report: { _ in }
            )
            guard store.topics().isEmpty else { return }
            let name = TopicName(internal: "orders")
            try store.createTopic(
                StoredTopic(id: TestStore.topic, name: name, partitionCount: DescriptorTests.partitionCount)
            )
        }

        func key(_ partition: Int32) -> PartitionKey {
            PartitionKey(topic: TestStore.topic, partition: PartitionIndex(partition))
        }

        func request(_ partition: Int32, _ value: String) -> CommitRequest {
            CommitRequest(appends: [
                PartitionAppend(key: key(partition), batches: [StoreWorkload.batch([value])])
            ])
        }

        func checkpoint() throws {
            guard let checkpoint = store.captureCheckpoint() else { return }
            try store.complete(checkpoint)
        }

        /// Appends to a partition as the journal thread does it.
        func append(_ partition: Int32, _ value: String) throws -> CommitOutcome {
            let request = request(partition, value)
            while store.checkpointUrgency == .mustWait || store.admissibleCount(of: [request]) == 0 { try checkpoint() }
            return try #require(try store.commit([request]).first)
        }

        func values(_ partition: Int32) throws -> [String] {
            let log = try #require(store.partition(key(partition)))
            let slice = try log.read(from: .zero, bytesMax: .kibibytes(64))
            return try slice.batches.flatMap { try $0.decodedRecords() }.map { String(buffer: $0.value ?? .init()) }
        }
    }

    @Test func theOpenSegmentsHaveABound() throws {
        let test = try Store(SimulatedFileSystem())
        let atRest = test.fileSystem.openFileCount
        for round in 0..<3 {
            for partition in 0..<Self.partitionCount {
                #expect(try test.append(partition, "\(round)").isCommitted)
                #expect(test.fileSystem.openFileCount <= atRest + 9)
            }
        }
        for partition in 0..<Self.partitionCount {
            #expect(try test.values(partition) == ["0", "1", "2"])
            #expect(test.fileSystem.openFileCount <= atRest + 9)
        }
    }

    @Test func aFewDescriptorsAreEnough() throws {
        var settings = SimulatedSettings()
        settings.descriptorCountMax = 16
        let fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        let test = try Store(fileSystem, openSegmentsMax: 8)
        for partition in 0..<Self.partitionCount { #expect(try test.append(partition, "v").isCommitted) }
        try test.checkpoint()
        for partition in 0..<Self.partitionCount { #expect(try test.values(partition) == ["v"]) }
        let killed = try Store(fileSystem.afterProcessDeath(), openSegmentsMax: 8)
        for partition in 0..<Self.partitionCount { #expect(try killed.values(partition) == ["v"]) }
    }

    @Test func unflushedWritesAskForACheckpointAndThenWaitForIt() throws {
        let test = try Store(SimulatedFileSystem())
        let requests = (0..<Self.partitionCount).map { test.request($0, "v") }
        #expect(test.store.admissibleCount(of: requests) == 4)
        _ = try test.store.commit(Array(requests[..<3]))
        #expect(test.store.checkpointUrgency >= .due)
        #expect(test.store.admissibleCount(of: Array(requests[3...])) == 1)
        // What is written already needs no further descriptor.
        #expect(test.store.admissibleCount(of: Array(requests[..<3])) == 3)
        _ = try test.store.commit([requests[3]])
        #expect(test.store.admissibleCount(of: [requests[4]]) == 0)
        try test.checkpoint()
        #expect(test.store.admissibleCount(of: [requests[4]]) == 1)
    }

    @Test func aDescriptorWithUnflushedWritesStaysAndIsToldOfTheirLoss() throws {
        let test = try Store(SimulatedFileSystem())
        _ = try test.append(0, "a")
        try test.checkpoint()
        _ = try test.append(0, "b")
        let path = try #require(test.fileSystem.paths.first { $0.hasSuffix("/0/00000000000000000000.log") })
        try test.fileSystem.failWriteback(of: FilePath(path))
        // Reads of all others push everything out that may go.
        for partition in 1..<Self.partitionCount { _ = try test.values(partition) }
        let checkpoint = try #require(test.store.captureCheckpoint())
        #expect(throws: StorageError.self) { try test.store.complete(checkpoint) }
        #expect(test.store.hasFailed)
    }

    @Test func aCheckpointFindsADescriptorWhenThereIsNone() throws {
        let test = try Store(SimulatedFileSystem())
        _ = try test.append(0, "a")
        let checkpoint = try #require(test.store.captureCheckpoint())
        // The reserve helps once.
        test.fileSystem.plan(.failure(.tooManyOpenFiles)) { $0.kind == .flushDirectory }
        try test.store.complete(checkpoint)
        _ = try test.append(2, "a")
        let starved = try #require(test.store.captureCheckpoint())
        // And not when whatever it gives back is taken by somebody else.
        test.fileSystem.plan(.failure(.tooManyOpenFiles), times: 100) { [.open, .flushDirectory].contains($0.kind) }
        #expect(throws: StorageError.self) { try test.store.complete(starved) }
        test.fileSystem.forgetRules()
        // It was no failed flush: when there is a descriptor again, the checkpoint is completed.
        #expect(!test.store.hasFailed)
        try test.store.complete(starved)
        test.fileSystem.plan(.failure(.tooManyOpenFiles)) { $0.path.string.contains("checkpoint") && $0.kind == .open }
        _ = try test.append(1, "b")
        try test.checkpoint()
        #expect(!test.store.hasFailed)
    }

    /// A request may touch more partitions than there are descriptors, once others have taken what it would need.
    ///
    /// The refused round leaves files with unflushed writes (a cut is one) that keep every descriptor but the reserve's
    /// until a checkpoint is complete, and segments that it never came to open, for which there would be none. The
    /// checkpoint borrows of the reserve, and the next round must not keep what it gives back: after a few of both there
    /// would be no reserve, and no checkpoint ever again.
    @Test func aRoundWithoutDescriptorsLeavesTheNextCheckpointEnough() throws {
        var settings = SimulatedSettings()
        settings.descriptorCountMax = 20
        let fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        // Of a frame every partition of a request may need room for a block besides.
        let test = try Store(fileSystem, openSegmentsMax: 8, frameKibibytes: 256)
        for partition in 0..<Self.partitionCount { #expect(try test.append(partition, "a").isCommitted) }
        let wide = CommitRequest(appends: (0..<Int32(24)).flatMap { test.request($0, "x").appends })
        for partition: Int32 in 0..<6 {
            try test.checkpoint()
            #expect(test.store.admissibleCount(of: [wide]) == 1)
            let outcome = try #require(try test.store.commit([wide]).first)
            guard case .refused(.writeFailed) = outcome else {
                Issue.record("twenty-four files were opened with twenty descriptors: \(outcome)")
                return
            }
            try test.checkpoint()
            #expect(try test.append(partition, "b").isCommitted)
        }
        for partition in 0..<Self.partitionCount {
            #expect(try test.values(partition) == (partition < 6 ? ["a", "b"] : ["a"]))
        }
    }

    /// What stays open is not to live on the reserve: a segment's file, the spare one, a compaction's.
    @Test func theReserveIsWholeBeforeAnythingStaysOpen() throws {
        var settings = SimulatedSettings()
        settings.descriptorCountMax = 8
        let fileSystem = SimulatedFileSystem(SimulatedFileSystem().image, settings)
        let test = try Store(fileSystem)
        let lock = test.store.paths.lock
        var others: [any StoreFile] = []
        while let file = try? fileSystem.open(lock, .read) { others.append(file) }
        // For a moment there is one.
        try test.store.keeper.flushDirectory(test.store.paths.topics, .topicName)
        #expect(throws: FileError.self) { try test.store.keeper.openToStay(lock, .read) }
        #expect(throws: FileError.self) {
            try Segment(creating: Offset(7), directory: StoreWorkload.directory, fileSystem: test.store.keeper)
        }
        #expect(throws: FileError.self) {
            try SpareFile(creatingIn: StoreWorkload.directory, fileSystem: test.store.keeper)
        }
        for _ in 0..<5 { try test.store.keeper.flushDirectory(test.store.paths.topics, .topicName) }
        others.popLast()?.close()
        let file = try test.store.keeper.openToStay(lock, .read)
        file.close()
    }

    /// A spare is made for every segment that is more than half full, and stays open: of forty partitions forty would.
    @Test func sparesAreFewAndCountAsSegments() throws {
        let test = try Store(SimulatedFileSystem(), openSegmentsMax: 16, frameKibibytes: 128)
        let atRest = test.fileSystem.openFileCount
        for partition in 0..<Self.partitionCount {
            #expect(try test.append(partition, String(repeating: "x", count: 40_000)).isCommitted)
            try test.checkpoint()
            #expect(test.fileSystem.openFileCount <= atRest + 16 + 1)
        }
        let spares = test.fileSystem.paths.filter { $0.hasSuffix("/spare.log") }
        #expect(spares.count == 2)
        // One that is taken makes room for another one, and so does one whose topic goes.
        #expect(try test.append(0, String(repeating: "y", count: 40_000)).isCommitted)
        _ = try test.append(20, "z")
        try test.checkpoint()
        #expect(test.fileSystem.paths.filter { $0.hasSuffix("/spare.log") }.count == 2)
        _ = try test.store.commit([CommitRequest(appends: [], deletedTopic: TestStore.topic)])
        #expect(test.store.keeper.takeSparePlace() && test.store.keeper.takeSparePlace())
        #expect(!test.store.keeper.takeSparePlace())
    }

    /// Every roll begins a file that waits to be flushed: a full queue of large requests for one partition is many.
    @Test func rollsCountAsFilesThatWaitToBeFlushed() throws {
        let test = try Store(SimulatedFileSystem(), openSegmentsMax: 16, frameKibibytes: 256)
        var rest = (0..<40).map { test.request(0, String(repeating: "x", count: 30_000) + "\($0)") }[...]
        var rounds = 0
        while !rest.isEmpty {
            let count = test.store.admissibleCount(of: Array(rest))
            if count == 0 || test.store.checkpointUrgency == .mustWait {
                try test.checkpoint()
            } else {
                // A frame has room for six.
                let outcomes = try test.store.commit(Array(rest.prefix(min(count, 6))))
                let areCommitted = outcomes.allSatisfy { $0.isCommitted }
                #expect(areCommitted)
                rest = rest.dropFirst(outcomes.count)
            }
            #expect(test.store.keeper.pinnedCount <= test.store.keeper.pinnedCountMax)
            rounds += 1
            try #require(rounds < 40)
        }
        #expect(try test.values(0).count >= 2)
    }

    @Test func aReadKeepsItsFileWhenItIsLetGo() throws {
        let test = try Store(SimulatedFileSystem())
        let segment = try Segment(
            creating: Offset(7),
            directory: StoreWorkload.directory,
            fileSystem: test.store.keeper
        )
        let file = try segment.file()
        while segment.letGo() == .inUse {}
        #expect(try file.size() == .zero)
        segment.pin()
        _ = try segment.file()
        let before = test.fileSystem.openFileCount
        for _ in 0..<3 { #expect(segment.letGo() == .inUse) }
        #expect(test.fileSystem.openFileCount == before)
    }
}
